package io.millrace.artifact.datasets;

import io.millrace.artifact.storage.Contents;
import io.millrace.artifact.storage.StoredObject;
import io.millrace.database.Database;
import io.millrace.database.Row;
import io.millrace.database.Tx;
import io.millrace.datasets.Schema;
import io.millrace.datasets.TableSummary;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The store of dataset versions. */
@Component
final class DatasetVersions {

  private static final String COLUMNS =
      """
      select v.name, v.version, c.object_key, v.sha256, c.size as table_size, v.size, v.media_type,
             v.digest, v.manifest, v.schema, v.row_count, v.column_count, v.created_by, v.created_at,
             (select count(*) from version_files f where f.name = v.name and f.version = v.version)
               as files
      """;

  private static final String SELECT =
      COLUMNS + " from dataset_versions v left join contents c on c.sha256 = v.sha256 ";

  private static final String FILES =
      """
      select f.path, f.sha256, f.size, f.media_type, c.object_key
      from version_files f join contents c on c.sha256 = f.sha256
      where f.name = $1 and f.version = $2
      """;

  private final Database database;
  private final Contents contents;
  private final DatasetEvents events;

  DatasetVersions(Database database, Contents contents, DatasetEvents events) {
    this.database = database;
    this.contents = contents;
    this.events = events;
  }

  /** A version with whether this call made it. */
  record Pushed(DatasetVersion version, boolean created) {}

  /** The version of a dataset with these files. */
  Optional<DatasetVersion> same(DatasetName name, String identity) {
    return database.read(tx -> same(tx, name, identity));
  }

  /** The objects of digests whose bytes are kept; they stay for the push that asks. */
  Map<String, StoredObject> kept(List<String> digests) {
    contents.touch(digests);
    return database.read(tx -> contents.findAll(tx, digests)).stream()
        .collect(Collectors.toMap(StoredObject::sha256, object -> object));
  }

  /** What a content is as a table, where somebody has read it. */
  Optional<ContentTable> table(String sha256) {
    return database.read(
        tx ->
            tx.queryOne(
                "select row_count, schema, summary from content_tables where sha256 = $1",
                row ->
                    new ContentTable(
                        row.int8("row_count"),
                        Schema.fromJson(row.string("schema")),
                        TableSummary.fromJson(row.string("summary"))),
                sha256));
  }

  /** Remembers what a content is as a table. */
  void remember(String sha256, ContentTable table) {
    database.inTransactionVoid(tx -> remember(tx, sha256, table));
  }

  static void remember(Tx tx, String sha256, ContentTable table) {
    tx.update(
        """
        insert into content_tables (sha256, row_count, schema, summary) values ($1, $2, $3, $4)
        on conflict do nothing
        """,
        sha256,
        table.rows(),
        table.schema().toJson(),
        table.summary().toJson());
  }

  /**
   * Makes files the next version, unless the dataset has one with the same files.
   *
   * @param first what comes before in the transaction
   */
  Pushed push(DatasetName name, NewVersion files, String createdBy, Consumer<Tx> first) {
    return database.inTransaction(
        tx -> {
          first.accept(tx);
          tx.update("insert into datasets (name) values ($1) on conflict do nothing", name.value());
          // Versions of one dataset are counted one after another.
          tx.query(
              "select name from datasets where name = $1 for update",
              row -> row.string("name"),
              name.value());
          Optional<DatasetVersion> same = same(tx, name, files.identity());
          if (same.isPresent()) {
            return new Pushed(same.get(), false);
          }
          DatasetVersion version = next(tx, name, files, createdBy);
          insert(tx, version, files);
          events.created(tx, version);
          return new Pushed(version, true);
        });
  }

  /** Removes a version; its number is not given again. False: there is none. */
  boolean delete(DatasetVersion version, String by, @Nullable String reason) {
    return database.inTransaction(
        tx -> {
          tx.update(
              """
              update contents set touched_at = now() where sha256 in (
                select sha256 from version_files where name = $1 and version = $2)
              """,
              version.name().value(),
              version.version());
          boolean deleted =
              tx.update(
                      "delete from dataset_versions where name = $1 and version = $2",
                      version.name().value(),
                      version.version())
                  > 0;
          if (deleted) {
            events.deleted(tx, version, by, reason);
          }
          return deleted;
        });
  }

  /** Files of a version by path, after a path. */
  List<VersionFile> files(DatasetName name, int version, String after, int most) {
    return database.read(
        tx ->
            tx.query(
                FILES + " and f.path > $3 order by f.path limit $4",
                DatasetVersions::file,
                name.value(),
                version,
                after,
                most));
  }

  Optional<VersionFile> file(DatasetName name, int version, String path) {
    return database.read(
        tx ->
            tx.queryOne(
                FILES + " and f.path = $3", DatasetVersions::file, name.value(), version, path));
  }

  /** Tells the platform of a push that was no table; nothing else changes. */
  void reject(RejectedTable rejected) {
    database.inTransactionVoid(tx -> events.rejected(tx, rejected));
  }

  Optional<DatasetVersion> find(DatasetName name, int version) {
    return database.read(
        tx ->
            tx.queryOne(
                SELECT + " where v.name = $1 and v.version = $2",
                DatasetVersions::version,
                name.value(),
                version));
  }

  Optional<DatasetVersion> latest(DatasetName name) {
    return database.read(
        tx ->
            tx.queryOne(
                SELECT + " where v.name = $1 order by v.version desc limit 1",
                DatasetVersions::version,
                name.value()));
  }

  /** Versions of a dataset, newest first, below a version. */
  List<DatasetVersion> versions(DatasetName name, int below, int most) {
    return database.read(
        tx ->
            tx.query(
                SELECT + " where v.name = $1 and v.version < $2 order by v.version desc limit $3",
                DatasetVersions::version,
                name.value(),
                below,
                most));
  }

  /** The latest version of each dataset by name, after a name. */
  List<DatasetVersion> datasets(String after, int most) {
    return database.read(
        tx ->
            tx.query(
                COLUMNS
                    + """
                    from (select name from datasets where name > $1 order by name) d
                    cross join lateral (
                      select * from dataset_versions where name = d.name
                      order by version desc limit 1) v
                    left join contents c on c.sha256 = v.sha256
                    order by v.name limit $2
                    """,
                DatasetVersions::version,
                after,
                most));
  }

  private static Optional<DatasetVersion> same(Tx tx, DatasetName name, String identity) {
    return tx.queryOne(
        SELECT + " where v.name = $1 and coalesce(v.identity, v.sha256) = $2",
        DatasetVersions::version,
        name.value(),
        identity);
  }

  private static DatasetVersion next(Tx tx, DatasetName name, NewVersion files, String createdBy) {
    int version =
        tx.queryOne(
                """
                update datasets
                set last_version = 1 + greatest(last_version, (
                  select coalesce(max(version), 0) from dataset_versions where name = $1))
                where name = $1 returning last_version
                """,
                row -> row.int4("last_version"),
                name.value())
            .orElseThrow();
    Manifest manifest = Manifest.of(name, version, files);
    return new DatasetVersion(
        name,
        version,
        files.tableObject(),
        files.mediaType(),
        files.size(),
        files.files().size(),
        manifest.digest(),
        manifest.json(),
        files.schema().toJson(),
        files.rows(),
        files.schema().columns().size(),
        createdBy,
        Instant.now().truncatedTo(ChronoUnit.MICROS));
  }

  private static void insert(Tx tx, DatasetVersion version, NewVersion of) {
    StoredObject table = version.table();
    tx.update(
        """
        insert into dataset_versions (name, version, sha256, identity, size, media_type, digest,
          manifest, schema, row_count, column_count, created_by, created_at)
        values ($1, $2, $3::text, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """,
        version.name().value(),
        version.version(),
        table == null ? null : table.sha256(),
        of.identity(),
        version.size(),
        version.mediaType(),
        version.digest(),
        version.manifest(),
        version.schema(),
        version.rows(),
        version.columns(),
        version.createdBy(),
        version.createdAt());
    tx.update(
        """
        insert into version_files (name, version, path, sha256, size, media_type)
        select $1, $2, file.path, file.sha256, file.size, file.media_type
        from unnest($3::text[], $4::text[], $5::bigint[], $6::text[])
          as file (path, sha256, size, media_type)
        """,
        version.name().value(),
        version.version(),
        of.files().stream().map(file -> file.path().value()).toArray(String[]::new),
        of.files().stream().map(file -> file.object().sha256()).toArray(String[]::new),
        of.files().stream().map(file -> file.object().size()).toArray(Long[]::new),
        of.files().stream().map(VersionFile::mediaType).toArray(String[]::new));
  }

  private static VersionFile file(Row row) {
    return new VersionFile(
        new FilePath(row.string("path")),
        new StoredObject(row.string("object_key"), row.string("sha256"), row.int8("size")),
        row.string("media_type"));
  }

  private static DatasetVersion version(Row row) {
    String table = row.stringOrNull("sha256");
    return new DatasetVersion(
        new DatasetName(row.string("name")),
        row.int4("version"),
        table == null
            ? null
            : new StoredObject(row.string("object_key"), table, row.int8("table_size")),
        row.string("media_type"),
        row.int8("size"),
        (int) row.int8("files"),
        row.string("digest"),
        row.string("manifest"),
        row.string("schema"),
        row.int8("row_count"),
        row.int4("column_count"),
        row.string("created_by"),
        row.instant("created_at"));
  }
}
