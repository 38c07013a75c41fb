package io.millrace.database;

/**
 * Work on one connection.
 *
 * <p>In a transaction it may run more than once, since a deadlock or a serialization failure starts
 * it again: it must only touch the database.
 *
 * @param <T> what it returns
 */
@FunctionalInterface
public interface TxWork<T> {
  /** Does the work; an exception rolls the transaction back. */
  T apply(Tx tx);
}
