package io.millrace.artifact.storage;

import io.millrace.database.Database;
import io.millrace.database.Tx;
import java.util.Optional;
import org.springframework.stereotype.Component;

/** The block checks of objects larger than one block. */
@Component
final class Blocks {

  private final Database database;

  Blocks(Database database) {
    this.database = database;
  }

  /** Keeps the checks of an object that is claimed, or replaces them by the same ones. */
  void keep(String key, byte[] sums) {
    database.inTransactionVoid(
        tx ->
            tx.update(
                """
                insert into object_blocks (object_key, crc32c) values ($1, $2)
                on conflict (object_key) do update set crc32c = excluded.crc32c
                """,
                key,
                sums));
  }

  Optional<byte[]> of(String key) {
    return database.read(
        tx ->
            tx.queryOne(
                "select crc32c from object_blocks where object_key = $1",
                row -> row.bytes("crc32c"),
                key));
  }

  /** Forgets the checks of removed objects. */
  static void forget(Tx tx, String[] keys) {
    tx.update("delete from object_blocks where object_key = any($1)", (Object) keys);
  }
}
