package io.millrace.artifact.storage;

import io.millrace.database.Database;
import io.millrace.database.Row;
import io.millrace.database.Tx;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
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

  /** Whether these bytes are kept already, and not known to be damaged. */
  public Optional<StoredObject> find(String sha256) {
    return database.read(tx -> find(tx, sha256)).filter(kept -> !kept.damaged).map(Kept::object);
  }

  /** Those of the digests whose bytes are kept and sound; they stay for the push that asks. */
  public Set<String> touch(List<String> digests) {
    return database.inTransaction(
        tx ->
            Set.copyOf(
                tx.query(
                    """
                    update contents set touched_at = now()
                    where sha256 = any($1) and corrupt_since is null returning sha256
                    """,
                    row -> row.string("sha256"),
                    (Object) digests.toArray(String[]::new))));
  }

  /** The objects of digests, in no order; damaged ones are left out. */
  public List<StoredObject> findAll(Tx tx, List<String> digests) {
    return tx.query(
        """
        select object_key, sha256, size from contents
        where sha256 = any($1) and corrupt_since is null
        """,
        Contents::object,
        (Object) digests.toArray(String[]::new));
  }

  /**
   * Keeps an uploaded object, unless its bytes are kept: then it is removed again. Damaged bytes
   * are replaced.
   *
   * @throws StorageUnavailable if the upload was given up meanwhile; the client may send it again
   */
  public void keep(Tx tx, StoredObject stored) {
    tx.query(
        "select 1 as held from pg_advisory_xact_lock(hashtextextended($1, 21))",
        row -> row.int4("held"),
        stored.sha256());
    Kept kept = find(tx, stored.sha256()).orElse(null);
    if (kept != null && !kept.object.key().equals(stored.key()) && !kept.damaged) {
      tx.update("update contents set touched_at = now() where sha256 = $1", stored.sha256());
      Claims.giveUpForAll(tx, stored.key());
      return;
    }
    boolean claimed = claims.settle(tx, stored.key());
    if (!claimed && (kept == null || !kept.object.key().equals(stored.key()))) {
      throw new StorageUnavailable(
          "the upload took longer than millrace.artifact.abandoned-after and was given up: send it again");
    }
    tx.update(
        """
        insert into contents (sha256, object_key, size) values ($1, $2, $3)
        on conflict (sha256) do update
        set object_key = excluded.object_key, touched_at = now(), corrupt_since = null
        """,
        stored.sha256(),
        stored.key(),
        stored.size());
    if (kept != null && !kept.object.key().equals(stored.key())) {
      claims.release(tx, List.of(kept.object.key()));
    }
  }

  /** Bytes that no version refers to and nobody has used for so long, longest first. */
  List<Unreferenced> unreferenced(Duration unusedFor, int most) {
    return database.read(
        tx ->
            tx.query(
                """
                select sha256, size, touched_at from unreferenced_contents
                where touched_at <= now() - $1 * interval '1 millisecond'
                order by touched_at limit $2
                """,
                row ->
                    new Unreferenced(
                        row.string("sha256"), row.int8("size"), row.instant("touched_at")),
                unusedFor.toMillis(),
                most));
  }

  /** Bytes that no version refers to. */
  record Unreferenced(String sha256, long size, Instant lastUsed) {}

  /** Lets some of them go; returns how many. A version that is just being made keeps its bytes. */
  long removeUnreferenced(Duration unusedFor, int most) {
    return database.inTransaction(
        tx ->
            claims.releaseThoseOf(
                tx,
                """
                delete from contents where sha256 in (
                  select c.sha256 from contents c
                  where c.touched_at <= now() - $1 * interval '1 millisecond'
                    and exists (select from unreferenced_contents u where u.sha256 = c.sha256)
                  limit $2 for update of c skip locked)
                returning object_key
                """,
                unusedFor.toMillis(),
                most));
  }

  /** Marks content as damaged, once. */
  public void markCorrupt(String sha256) {
    database.inTransactionVoid(
        tx ->
            tx.update(
                "update contents set corrupt_since = coalesce(corrupt_since, now()) where sha256 = $1",
                sha256));
  }

  private record Kept(StoredObject object, boolean damaged) {}

  private static Optional<Kept> find(Tx tx, String sha256) {
    return tx.queryOne(
        """
        select object_key, sha256, size, corrupt_since is not null as damaged
        from contents where sha256 = $1
        """,
        row -> new Kept(object(row), row.bool("damaged")),
        sha256);
  }

  private static StoredObject object(Row row) {
    return new StoredObject(row.string("object_key"), row.string("sha256"), row.int8("size"));
  }
}
