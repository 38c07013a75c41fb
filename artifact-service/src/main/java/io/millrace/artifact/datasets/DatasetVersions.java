package io.millrace.artifact.datasets;

import io.millrace.artifact.storage.Contents;
import io.millrace.artifact.storage.StoredObject;
import io.millrace.database.Database;
import io.millrace.database.Row;
import io.millrace.database.Tx;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import org.springframework.stereotype.Component;

/** The store of dataset versions. */
@Component
final class DatasetVersions {

  static final String MEDIA_TYPE = "text/csv";

  private static final String SELECT =
      """
      select v.name, v.version, c.object_key, v.sha256, v.size, v.media_type, v.digest, v.manifest,
             v.schema, v.row_count, v.column_count, v.created_by, v.created_at
      from dataset_versions v join contents c on c.sha256 = v.sha256
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

  /** The version of a dataset with these bytes. */
  Optional<DatasetVersion> withContent(DatasetName name, String sha256) {
    return database.read(tx -> withContent(tx, name, sha256));
  }

  /** Makes an upload the next version, unless the dataset has one with the same bytes. */
  Pushed push(DatasetName name, Upload upload, String createdBy) {
    return database.inTransaction(
        tx -> {
          contents.keep(tx, upload.object());
          tx.update("insert into datasets (name) values ($1) on conflict do nothing", name.value());
          // Versions of one dataset are counted one after another.
          tx.query(
              "select name from datasets where name = $1 for update",
              row -> row.string("name"),
              name.value());
          Optional<DatasetVersion> same = withContent(tx, name, upload.object().sha256());
          if (same.isPresent()) {
            return new Pushed(same.get(), false);
          }
          DatasetVersion version = next(tx, name, upload, createdBy);
          insert(tx, version);
          events.created(tx, version);
          return new Pushed(version, true);
        });
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
                """
                select v.name, v.version, c.object_key, v.sha256, v.size, v.media_type, v.digest,
                       v.manifest, v.schema, v.row_count, v.column_count, v.created_by, v.created_at
                from (select name from datasets where name > $1 order by name limit $2) d
                cross join lateral (
                  select * from dataset_versions where name = d.name order by version desc limit 1) v
                join contents c on c.sha256 = v.sha256
                order by v.name
                """,
                DatasetVersions::version,
                after,
                most));
  }

  private static Optional<DatasetVersion> withContent(Tx tx, DatasetName name, String sha256) {
    return tx.queryOne(
        SELECT + " where v.name = $1 and v.sha256 = $2",
        DatasetVersions::version,
        name.value(),
        sha256);
  }

  private static DatasetVersion next(Tx tx, DatasetName name, Upload upload, String createdBy) {
    int version =
        tx.queryOne(
                "select coalesce(max(version), 0) + 1 as next from dataset_versions where name = $1",
                row -> row.int4("next"),
                name.value())
            .orElseThrow();
    Manifest manifest = Manifest.of(name, version, MEDIA_TYPE, upload);
    return new DatasetVersion(
        name,
        version,
        upload.object(),
        MEDIA_TYPE,
        manifest.digest(),
        manifest.json(),
        upload.table().schema().toJson(),
        upload.table().rows(),
        upload.table().schema().columns().size(),
        createdBy,
        Instant.now().truncatedTo(ChronoUnit.MICROS));
  }

  private static void insert(Tx tx, DatasetVersion version) {
    tx.update(
        """
        insert into dataset_versions (name, version, sha256, size, media_type, digest, manifest,
          schema, row_count, column_count, created_by, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        """,
        version.name().value(),
        version.version(),
        version.object().sha256(),
        version.object().size(),
        version.mediaType(),
        version.digest(),
        version.manifest(),
        version.schema(),
        version.rows(),
        version.columns(),
        version.createdBy(),
        version.createdAt());
  }

  private static DatasetVersion version(Row row) {
    return new DatasetVersion(
        new DatasetName(row.string("name")),
        row.int4("version"),
        new StoredObject(row.string("object_key"), row.string("sha256"), row.int8("size")),
        row.string("media_type"),
        row.string("digest"),
        row.string("manifest"),
        row.string("schema"),
        row.int8("row_count"),
        row.int4("column_count"),
        row.string("created_by"),
        row.instant("created_at"));
  }
}
