package io.millrace.artifact.artifacts;

import io.millrace.artifact.storage.Objects;
import io.millrace.artifact.storage.StoredObject;
import io.millrace.changes.Change;
import io.millrace.database.Database;
import io.millrace.database.Row;
import io.millrace.database.Tx;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The store of artifacts by path. A path shows its new bytes from one moment to the next. */
@Component
final class Artifacts {

  private final Database database;
  private final Objects objects;
  private final ArtifactEvents events;

  Artifacts(Database database, Objects objects, ArtifactEvents events) {
    this.database = database;
    this.objects = objects;
    this.events = events;
  }

  /** An entry of a folder; a folder has no size. */
  record Entry(String name, boolean folder, @Nullable Long size) {}

  /** Entries of a folder, and where to go on if there are more. */
  record Listing(List<Entry> entries, @Nullable String next) {}

  /** A path is a folder where a file is wanted, or the other way round. */
  static final class PathConflict extends RuntimeException {
    PathConflict(String message) {
      super(message);
    }
  }

  Optional<Artifact> find(ArtifactPath path) {
    return database.read(
        tx ->
            tx.queryOne(
                "select object_key, sha256, size, media_type, stored_at from artifacts where path = $1",
                row ->
                    new Artifact(
                        path,
                        new StoredObject(
                            row.string("object_key"), row.string("sha256"), row.int8("size")),
                        row.string("media_type"),
                        row.instant("stored_at")),
                path.value()));
  }

  boolean isFolder(ArtifactPath path) {
    return database.read(tx -> isFolder(tx, path));
  }

  /** A later attempt at the run has stored its file at the path. */
  static final class LaterAttempt extends RuntimeException {
    LaterAttempt(ArtifactPath path, int stored, int attempt) {
      super(
          "'%s' is of attempt %d and is not replaced by attempt %d"
              .formatted(path.value(), stored, attempt));
    }
  }

  /** What an upload takes the place of. */
  private record Replaced(String objectKey, String sha256, boolean damaged, int attempt) {

    static Replaced of(Row row) {
      return new Replaced(
          row.string("object_key"), row.string("sha256"), row.bool("damaged"), row.int4("attempt"));
    }

    boolean isAsGood(StoredObject object) {
      return !damaged && sha256.equals(object.sha256());
    }
  }

  /**
   * Makes an uploaded object the one at a path; what was there is removed later. Bytes that were
   * there already take the place of the old object too, which may be damaged without anyone knowing
   * yet, but are no change that is told.
   *
   * @param attempt which attempt at a run stores it, 0 where the client does not say: a worker that
   *     lost its run and wakes up late must not overwrite what its successor stored
   * @throws PathConflict if the path is a folder or one of its parents is a file
   * @throws LaterAttempt if the file there is of a later attempt
   */
  void store(ArtifactPath path, StoredObject object, String mediaType, int attempt, Change change) {
    store(path, object, mediaType, attempt, change, tx -> {});
  }

  /** The same with more work in its transaction. */
  void store(
      ArtifactPath path,
      StoredObject object,
      String mediaType,
      int attempt,
      Change change,
      Consumer<Tx> also) {
    database.inTransactionVoid(
        tx -> {
          also.accept(tx);
          objects.refer(tx, object);
          // One writer of a path at a time, so that each replaced object is seen and removed.
          tx.query(
              "select 1 as held from pg_advisory_xact_lock(hashtextextended($1, 20))",
              row -> row.int4("held"),
              path.value());
          Optional<Replaced> replaced = requireFile(tx, path);
          if (attempt > 0 && replaced.isPresent() && replaced.get().attempt() > attempt) {
            throw new LaterAttempt(path, replaced.get().attempt(), attempt);
          }
          boolean changed = replaced.isEmpty() || !replaced.get().isAsGood(object);
          tx.update(
              """
              insert into artifacts (path, object_key, sha256, size, media_type, attempt)
              values ($1, $2, $3, $4, $5, $6)
              on conflict (path) do update
              set object_key = excluded.object_key, sha256 = excluded.sha256, size = excluded.size,
                  media_type = excluded.media_type, attempt = excluded.attempt,
                  stored_at = case when $7 then now() else artifacts.stored_at end,
                  corrupt_since = null
              """,
              path.value(),
              object.key(),
              object.sha256(),
              object.size(),
              mediaType,
              attempt,
              changed);
          objects.release(tx, replaced.map(Replaced::objectKey).stream().toList());
          if (changed) {
            events.stored(
                tx, path, object, mediaType, replaced.map(Replaced::sha256).orElse(null), change);
          }
        });
  }

  /**
   * Checks that a file can be at a path.
   *
   * @throws PathConflict if the path is a folder or one of its parents is a file
   */
  void requireFile(ArtifactPath path) {
    database.<Boolean>read(
        tx -> {
          requireFile(tx, path);
          return true;
        });
  }

  /** What is known of a path and of those above and below it. */
  private record Place(boolean folder, @Nullable String fileAbove, @Nullable Replaced file) {}

  /** The file that is there, in one round trip with what may be in its way. */
  private static Optional<Replaced> requireFile(Tx tx, ArtifactPath path) {
    Place place =
        tx.queryOne(
                """
                select exists (select from artifacts where path >= $2 and path < $3) as folder,
                       (select path from artifacts where path = any($4) limit 1) as file_above,
                       f.object_key, f.sha256, f.corrupt_since is not null as damaged, f.attempt
                from (select $1::text as path) asked left join artifacts f on f.path = asked.path
                """,
                row ->
                    new Place(
                        row.bool("folder"),
                        row.stringOrNull("file_above"),
                        row.stringOrNull("object_key") == null ? null : Replaced.of(row)),
                path.value(),
                path.inside(),
                after(path.inside()),
                path.parents().toArray(String[]::new))
            .orElseThrow();
    if (place.folder()) {
      throw new PathConflict("'%s' is a folder, not a file".formatted(path.value()));
    }
    if (place.fileAbove() != null) {
      throw new PathConflict(
          "'%s' cannot be stored below '%s', which is a file"
              .formatted(path.value(), place.fileAbove()));
    }
    return Optional.ofNullable(place.file());
  }

  /**
   * What a removal took away.
   *
   * @param folder whether there were files below the path
   * @param size bytes of all files together
   * @param sha256 of the one file; null for a folder
   */
  record Deleted(boolean folder, long files, long size, @Nullable String sha256) {}

  /**
   * Removes a file, or a folder with everything in it, and tells of it where anything was there.
   */
  void delete(ArtifactPath path, Change change) {
    database.inTransactionVoid(
        tx -> {
          Deleted deleted = delete(tx, path);
          if (deleted.files() > 0) {
            events.deleted(tx, path, deleted, change);
          }
        });
  }

  /** The same for what is gone for good, which whoever decided it has told. */
  void purge(ArtifactPath path) {
    database.inTransactionVoid(tx -> delete(tx, path));
  }

  private Deleted delete(Tx tx, ArtifactPath path) {
    return objects.releaseThoseOf(
        tx,
        """
        delete from artifacts where path = $1 or (path >= $2 and path < $3)
        returning object_key, path, size, sha256
        """,
        """
        count(*) as files, coalesce(sum(size), 0)::bigint as size,
        count(*) filter (where path <> $1) > 0 as folder,
        max(sha256) filter (where path = $1) as sha256
        """,
        row ->
            new Deleted(
                row.bool("folder"),
                row.int8("files"),
                row.int8("size"),
                row.bool("folder") ? null : row.stringOrNull("sha256")),
        path.value(),
        path.inside(),
        after(path.inside()));
  }

  /** Marks an artifact as damaged unless it was replaced meanwhile. */
  void markCorrupt(StoredObject object) {
    database.inTransactionVoid(
        tx ->
            tx.update(
                """
                update artifacts set corrupt_since = coalesce(corrupt_since, now())
                where object_key = $1
                """,
                object.key()));
  }

  /**
   * Entries of a folder by name; a folder that is not there has none. It costs one step in the
   * index for an entry, however many files a sub-folder has.
   *
   * @param from path at which to begin; empty: the start of the folder
   */
  Listing list(ArtifactPath folder, String from, int most) {
    String inside = folder.inside();
    // A path has no control characters, so `path || chr(1)` is the first string after it.
    List<Entry> found =
        database.read(
            tx ->
                tx.query(
                    """
                    with recursive entry as (
                      (select path, size from artifacts
                       where path >= $2 and starts_with(path, $1) and ($3 = '' or path < $3)
                       order by path limit 1)
                      union all
                      select following.path, following.size
                      from entry cross join lateral (
                        select path, size from artifacts
                        where path >= case
                            when strpos(substr(entry.path, $4 + 1), '/') = 0
                            then entry.path || chr(1)
                            else $1 || split_part(substr(entry.path, $4 + 1), '/', 1) || '0' end
                          and ($3 = '' or path < $3)
                        order by path limit 1) following
                    )
                    select split_part(substr(path, $4 + 1), '/', 1) as name,
                           strpos(substr(path, $4 + 1), '/') > 0 as folder,
                           size
                    from entry limit $5
                    """,
                    row ->
                        new Entry(
                            row.string("name"),
                            row.bool("folder"),
                            row.bool("folder") ? null : row.int8("size")),
                    inside,
                    from.compareTo(inside) > 0 ? from : inside,
                    inside.isEmpty() ? "" : after(inside),
                    inside.codePointCount(0, inside.length()),
                    most + 1));
    boolean more = found.size() > most;
    List<Entry> entries = more ? found.subList(0, most) : found;
    return new Listing(
        entries.stream().sorted(Comparator.comparing(Entry::name)).toList(),
        more
            ? inside + entries.getLast().name() + (entries.getLast().folder() ? "0" : "\u0001")
            : null);
  }

  private static boolean isFolder(Tx tx, ArtifactPath path) {
    return tx.queryOne(
            "select path from artifacts where path >= $1 and path < $2 limit 1",
            row -> row.string("path"),
            path.inside(),
            after(path.inside()))
        .isPresent();
  }

  /** The first string after all that start with a folder's prefix: '0' follows '/'. */
  private static String after(String inside) {
    return inside.substring(0, inside.length() - 1) + "0";
  }
}
