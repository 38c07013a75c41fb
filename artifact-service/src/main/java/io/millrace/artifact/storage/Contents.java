package io.millrace.artifact.storage;

import io.millrace.database.Database;
import io.millrace.database.Tx;
import java.util.Optional;
import org.springframework.stereotype.Component;

/** Bytes kept once under their SHA-256, whoever refers to them. */
@Component
public final class Contents {

  private final Database database;
  private final Claims claims;

  Contents(Database database, Claims claims) {
    this.database = database;
    this.claims = claims;
  }

  /** Whether these bytes are kept already. */
  public Optional<StoredObject> find(String sha256) {
    return database.read(tx -> find(tx, sha256));
  }

  /**
   * Keeps an uploaded object, which lies at the key of its content.
   *
   * @throws StorageUnavailable if the upload was given up meanwhile; the client may send it again
   */
  public void keep(Tx tx, StoredObject stored) {
    boolean claimed = claims.settle(tx, stored.key());
    if (find(tx, stored.sha256()).isPresent()) {
      return;
    }
    if (!claimed) {
      throw new StorageUnavailable(
          "the upload took longer than millrace.artifact.abandoned-after and was given up: send it again");
    }
    tx.update(
        "insert into contents (sha256, object_key, size) values ($1, $2, $3) on conflict do nothing",
        stored.sha256(),
        stored.key(),
        stored.size());
  }

  /** Marks content as damaged, once. */
  public void markCorrupt(String sha256) {
    database.inTransactionVoid(
        tx ->
            tx.update(
                "update contents set corrupt_since = coalesce(corrupt_since, now()) where sha256 = $1",
                sha256));
  }

  private static Optional<StoredObject> find(Tx tx, String sha256) {
    return tx.queryOne(
        "select object_key, sha256, size from contents where sha256 = $1",
        row -> new StoredObject(row.string("object_key"), row.string("sha256"), row.int8("size")),
        sha256);
  }
}
