package io.millrace.artifact.storage;

import io.millrace.database.Database;
import io.millrace.database.Tx;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/**
 * Object keys that nothing refers to, with the time from which the object may be removed. Who
 * writes an object claims its key first and takes the claim back in the transaction that refers to
 * the object; where the claim is gone by then, the object may be gone too and the transaction must
 * fail.
 */
@Component
final class Claims {

  private final Database database;
  private final StorageSettings settings;
  private final String instance;
  private final String owner;

  Claims(
      Database database,
      StorageSettings settings,
      @Value("${server.port:8082}") String serverPort) {
    this.database = database;
    this.settings = settings;
    this.instance =
        settings.instance().isEmpty() ? hostName() + ":" + serverPort : settings.instance();
    this.owner = instance + "/" + UUID.randomUUID();
  }

  /** A key whose object is to be removed. */
  record Due(String key, @Nullable String uploadId) {}

  /**
   * Claims a key, or extends the claim.
   *
   * @throws StorageUnavailable while the object of that key is being removed
   */
  void claim(String key, @Nullable String uploadId) {
    long claimed =
        database.inTransaction(
            tx ->
                tx.update(
                    """
                    insert into unreferenced_objects as u (object_key, upload_id, owner, due_at)
                    values ($1, $2::text, $3, now() + $4 * interval '1 millisecond')
                    on conflict (object_key) do update
                    set upload_id = coalesce(excluded.upload_id, u.upload_id),
                        owner = excluded.owner, due_at = excluded.due_at
                    where not u.deleting
                    """,
                    key,
                    uploadId,
                    owner,
                    settings.abandonedAfter().toMillis()));
    if (claimed == 0) {
      throw new StorageUnavailable(
          "the object %s is just being removed: send the request again".formatted(key));
    }
  }

  /** Takes the claim back because the transaction refers to the object; false: too late. */
  boolean settle(Tx tx, String key) {
    return tx.update("delete from unreferenced_objects where object_key = $1 and not deleting", key)
        > 0;
  }

  /** Lets the object of a claimed key be removed now. */
  void giveUp(String key) {
    database.inTransactionVoid(
        tx ->
            tx.update(
                "update unreferenced_objects set due_at = now() where object_key = $1 and owner = $2",
                key,
                owner));
  }

  /** Lets objects that the transaction no longer refers to be removed a little later. */
  void release(Tx tx, List<String> keys) {
    if (!keys.isEmpty()) {
      tx.update(
          """
          insert into unreferenced_objects (object_key, owner, due_at)
          select key, $2, now() + $3 * interval '1 millisecond' from unnest($1::text[]) as key
          """,
          keys.toArray(String[]::new),
          owner,
          settings.deleteAfter().toMillis());
    }
  }

  /** Makes due what an earlier process of this instance left. */
  long giveUpThoseOfEarlierProcesses() {
    return database.inTransaction(
        tx ->
            tx.update(
                """
                update unreferenced_objects set due_at = least(due_at, now())
                where starts_with(owner, $1) and owner <> $2
                """,
                instance + "/",
                owner));
  }

  /** Some keys whose objects are to be removed; for a while no other instance gets them. */
  List<Due> takeDue(int most, Duration hold) {
    return database.inTransaction(
        tx -> {
          tx.update(
              """
              delete from unreferenced_objects u using contents c
              where c.object_key = u.object_key and u.due_at <= now()
              """);
          return tx.query(
              """
              update unreferenced_objects
              set deleting = true, due_at = now() + $2 * interval '1 millisecond'
              where object_key in (
                select u.object_key from unreferenced_objects u
                where u.due_at <= now()
                  and not exists (select from contents c where c.object_key = u.object_key)
                order by u.due_at limit $1 for update skip locked)
              returning object_key, upload_id
              """,
              row -> new Due(row.string("object_key"), row.stringOrNull("upload_id")),
              most,
              hold.toMillis());
        });
  }

  /** Forgets a key whose object is removed. */
  void forget(String key) {
    database.inTransactionVoid(
        tx ->
            tx.update("delete from unreferenced_objects where object_key = $1 and deleting", key));
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }
}
