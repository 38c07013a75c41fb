package io.millrace.artifact.storage;

import io.millrace.database.Database;
import io.millrace.database.Row;
import io.millrace.database.Tx;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
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

  // A removal in progress takes less than this.
  private static final int ATTEMPTS = 20;
  private static final Duration BETWEEN_ATTEMPTS = Duration.ofMillis(100);

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
    claim(key, uploadId, owner, settings.abandonedAfter());
  }

  /**
   * Claims a key for whoever goes on with it, over restarts, for that long from now.
   *
   * @throws StorageUnavailable while the object of that key is being removed
   */
  void claimForAnyone(String key, @Nullable String uploadId, Duration time) {
    claim(key, uploadId, "anyone", time);
  }

  private void claim(String key, @Nullable String uploadId, String by, Duration time) {
    for (int attempt = 0; !claimed(key, uploadId, by, time); attempt++) {
      if (attempt == ATTEMPTS) {
        throw new StorageUnavailable(
            "the object %s is just being removed: send the request again".formatted(key));
      }
      try {
        Thread.sleep(BETWEEN_ATTEMPTS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new StorageUnavailable("interrupted while waiting for " + key, e);
      }
    }
  }

  private boolean claimed(String key, @Nullable String uploadId, String by, Duration time) {
    return database.inTransaction(
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
                    by,
                    time.toMillis()))
        > 0;
  }

  /** Lets the object of a key be removed now, whoever claimed it. */
  static void giveUpForAll(Tx tx, String key) {
    tx.update("update unreferenced_objects set due_at = now() where object_key = $1", key);
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
          on conflict (object_key) do nothing
          """,
          keys.toArray(String[]::new),
          owner,
          settings.deleteAfter().toMillis());
    }
  }

  /** Releases the keys that a statement returns as {@code object_key}. */
  long releaseThoseOf(Tx tx, String returningKeys, Object... arguments) {
    return releaseThoseOf(
        tx, returningKeys, "count(*) as keys", row -> row.int8("keys"), arguments);
  }

  /** The same, with a summary of what the statement returned. */
  <T> T releaseThoseOf(
      Tx tx, String returningKeys, String summary, Function<Row, T> mapper, Object... arguments) {
    List<Object> all = new ArrayList<>(List.of(arguments));
    all.add(owner);
    all.add(settings.deleteAfter().toMillis());
    return tx.query(
            """
            with released as (%s), noted as (
              insert into unreferenced_objects (object_key, owner, due_at)
              select object_key, $%d, now() + $%d * interval '1 millisecond' from released
              on conflict (object_key) do nothing)
            select %s from released
            """
                .formatted(returningKeys, arguments.length + 1, arguments.length + 2, summary),
            mapper,
            all.toArray())
        .getFirst();
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

  /** Forgets keys whose objects are removed, with all that is known of them. */
  void forget(List<String> removed) {
    String[] keys = removed.toArray(String[]::new);
    database.inTransactionVoid(
        tx -> {
          Blocks.forget(tx, keys);
          PartUploads.forget(tx, keys);
          tx.update(
              "delete from unreferenced_objects where object_key = any($1) and deleting",
              (Object) keys);
        });
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }
}
