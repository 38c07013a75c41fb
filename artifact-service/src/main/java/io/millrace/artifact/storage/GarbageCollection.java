package io.millrace.artifact.storage;

import io.millrace.database.Database;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Finds bytes that nothing needs, and removes them. Dataset bytes live while a version refers to
 * them, which one view decides, and for a grace time after their last use. Objects of the bucket
 * live while a row names them.
 */
@Component
public final class GarbageCollection {

  private static final Logger log = LoggerFactory.getLogger(GarbageCollection.class);
  private static final int AT_A_TIME = 500;
  private static final int MOST_SHOWN = 1000;

  private final Database database;
  private final Contents contents;
  private final ObjectStore store;
  private final StorageSettings settings;

  GarbageCollection(
      Database database, Contents contents, ObjectStore store, StorageSettings settings) {
    this.database = database;
    this.contents = contents;
    this.store = store;
    this.settings = settings;
  }

  /**
   * Bytes that nothing needs.
   *
   * @param kind {@code dataset-bytes} or {@code unknown-object}
   * @param what a SHA-256 or an object key
   * @param since when they were last used
   * @param why in words
   */
  public record Garbage(String kind, String what, long size, Instant since, String why) {}

  /**
   * What goes.
   *
   * @param dryRun nothing was touched
   * @param items the first of them, at most 1000
   * @param count how many there are
   * @param bytes of all, where their size is known
   * @param waiting objects that nothing refers to and that a sweep removes when they are due
   */
  public record Report(
      boolean dryRun, Instant at, int count, long bytes, List<Garbage> items, long waiting) {}

  /**
   * Looks for bytes that nothing needs, and lets them go unless it is a dry run.
   *
   * @param unknownObjects whether to look through the bucket too, which takes a call for each
   *     thousand objects
   */
  public Report collect(boolean dryRun, boolean unknownObjects) {
    List<Garbage> found = new ArrayList<>();
    for (Contents.Unreferenced one :
        contents.unreferenced(settings.keepContents(), Integer.MAX_VALUE)) {
      found.add(
          new Garbage(
              "dataset-bytes",
              one.sha256(),
              one.size(),
              one.lastUsed(),
              "no dataset version refers to them, and nobody used them for %s"
                  .formatted(settings.keepContents())));
    }
    List<String> unknown = new ArrayList<>();
    if (unknownObjects) {
      for (Found object : unknown()) {
        unknown.add(object.key());
        found.add(
            new Garbage(
                "unknown-object",
                object.key(),
                0,
                object.written(),
                "no row names this object of the bucket"));
      }
    }
    if (!dryRun) {
      removeContents();
      unknown.forEach(this::giveUp);
    }
    return new Report(
        dryRun,
        Instant.now(),
        found.size(),
        found.stream().mapToLong(Garbage::size).sum(),
        List.copyOf(found.subList(0, Math.min(found.size(), MOST_SHOWN))),
        waiting());
  }

  /** Lets all dataset bytes go that nothing needs. */
  void removeContents() {
    long removed = 0;
    long some;
    do {
      some = contents.removeUnreferenced(settings.keepContents(), AT_A_TIME);
      removed += some;
    } while (some > 0);
    if (removed > 0) {
      log.info("let go of the bytes of {} files that no dataset version refers to", removed);
    }
  }

  private record Found(String key, Instant written) {}

  private List<Found> unknown() {
    Instant before =
        Instant.now().minus(longest(settings.abandonedAfter(), settings.keepContents()));
    List<Found> unknown = new ArrayList<>();
    List<Found> some = new ArrayList<>();
    store.eachObject(
        (key, written) -> {
          if (written.isBefore(before)) {
            some.add(new Found(key, written));
          }
          if (some.size() == AT_A_TIME) {
            unknown.addAll(unnamed(some));
            some.clear();
          }
        });
    unknown.addAll(unnamed(some));
    return unknown;
  }

  private List<Found> unnamed(List<Found> objects) {
    List<String> unnamed =
        database.read(
            tx ->
                tx.query(
                    """
                    select key from unnest($1::text[]) as key
                    where not exists (select from artifacts a where a.object_key = key)
                      and not exists (select from contents c where c.object_key = key)
                      and not exists (select from unreferenced_objects u where u.object_key = key)
                    """,
                    row -> row.string("key"),
                    (Object) objects.stream().map(Found::key).toArray(String[]::new)));
    return objects.stream().filter(object -> unnamed.contains(object.key())).toList();
  }

  private void giveUp(String key) {
    database.inTransactionVoid(
        tx ->
            tx.update(
                """
                insert into unreferenced_objects (object_key, owner, due_at)
                select $1, 'unknown', now()
                where not exists (select from artifacts a where a.object_key = $1)
                  and not exists (select from contents c where c.object_key = $1)
                on conflict do nothing
                """,
                key));
  }

  private long waiting() {
    return database.read(
        tx ->
            tx.queryOne(
                    "select count(*) as waiting from unreferenced_objects",
                    row -> row.int8("waiting"))
                .orElseThrow());
  }

  private static Duration longest(Duration a, Duration b) {
    return a.compareTo(b) > 0 ? a : b;
  }
}
