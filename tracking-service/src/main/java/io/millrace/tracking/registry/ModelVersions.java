package io.millrace.tracking.registry;

import io.millrace.database.Row;
import io.millrace.database.Tx;
import io.millrace.tracking.mlflow.MlflowException;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The store of model versions. */
@Component
class ModelVersions {

  static final String COLUMNS =
      """
      v.*,
        array(select key from model_version_tags t
              where t.name = v.name and t.version = v.version order by key) as tag_keys,
        array(select value from model_version_tags t
              where t.name = v.name and t.version = v.version order by key) as tag_values,
        array(select alias from model_aliases a
              where a.name = v.name and a.version = v.version order by alias) as aliases
      """;

  private static final String VERSIONS = "select " + COLUMNS + " from model_versions v ";

  private final Clock clock;

  ModelVersions(Clock clock) {
    this.clock = clock;
  }

  /** What a new version is made of. */
  record NewVersion(
      String name,
      String source,
      @Nullable String storageLocation,
      String description,
      String runId,
      String runLink,
      String userId,
      @Nullable String requestId,
      @Nullable ModelPackage modelPackage) {}

  /** Adds a version with the next number, which no other transaction gets. */
  ModelVersion add(Tx tx, NewVersion version) {
    int number =
        tx.queryOne(
                """
                update registered_models
                set last_version = last_version + 1, last_updated_timestamp = $2,
                    platform_made = platform_made or $3
                where name = $1 returning last_version
                """,
                row -> row.int4("last_version"),
                version.name(),
                clock.millis(),
                version.requestId() != null)
            .orElseThrow(() -> RegisteredModels.missing(version.name()));
    ModelPackage held = version.modelPackage();
    tx.update(
        """
        insert into model_versions
          (name, version, creation_timestamp, last_updated_timestamp, source, storage_location,
           description, run_id, run_link, user_id, request_id, package_uri, package_media_type,
           package_sha256, package_size)
        values ($1, $2, $3, $3, $4, $5::text, $6, $7, $8, $9, $10::text, $11::text, $12::text,
                $13::text, $14::bigint)
        """,
        version.name(),
        number,
        clock.millis(),
        version.source(),
        version.storageLocation(),
        version.description(),
        version.runId(),
        version.runLink(),
        version.userId(),
        version.requestId(),
        held == null ? null : held.uri(),
        held == null ? null : held.mediaType(),
        held == null ? null : held.sha256(),
        held == null ? null : held.size());
    return get(tx, version.name(), number);
  }

  void setTag(Tx tx, String name, int version, String key, String value) {
    tx.update(
        """
        insert into model_version_tags (name, version, key, value) values ($1, $2, $3, $4)
        on conflict (name, version, key) do update set value = excluded.value
        """,
        name,
        version,
        key,
        value);
  }

  void deleteTag(Tx tx, String name, int version, String key) {
    tx.update(
        "delete from model_version_tags where name = $1 and version = $2 and key = $3",
        name,
        version,
        key);
  }

  ModelVersion get(Tx tx, String name, int version) {
    return find(tx, name, version)
        .orElseThrow(
            () ->
                MlflowException.missing(
                    "Model Version (name=%s, version=%d) not found".formatted(name, version)));
  }

  Optional<ModelVersion> find(Tx tx, String name, int version) {
    return tx.queryOne(
        VERSIONS + " where v.name = $1 and v.version = $2", ModelVersions::read, name, version);
  }

  /** The version with the highest number. */
  Optional<ModelVersion> newest(Tx tx, String name) {
    return tx.queryOne(
        VERSIONS + " where v.name = $1 order by v.version desc limit 1", ModelVersions::read, name);
  }

  /** The version that a training run of the platform made. */
  Optional<ModelVersion> ofTrainedRun(Tx tx, String runId) {
    return tx.queryOne(
        VERSIONS + " where v.run_id = $1 and v.request_id is not null", ModelVersions::read, runId);
  }

  void describe(Tx tx, String name, int version, String description) {
    tx.update(
        """
        update model_versions set description = $3, last_updated_timestamp = $4
        where name = $1 and version = $2
        """,
        name,
        version,
        description,
        clock.millis());
  }

  void setStage(Tx tx, String name, int version, Stage stage) {
    tx.update(
        """
        update model_versions set current_stage = $3, last_updated_timestamp = $4
        where name = $1 and version = $2
        """,
        name,
        version,
        stage.text(),
        clock.millis());
  }

  /** Numbers of the versions in a stage. */
  List<Integer> inStage(Tx tx, String name, Stage stage) {
    return tx.query(
        "select version from model_versions where name = $1 and current_stage = $2 order by version",
        row -> row.int4("version"),
        name,
        stage.text());
  }

  void delete(Tx tx, String name, int version) {
    tx.update("delete from model_versions where name = $1 and version = $2", name, version);
  }

  /** The highest version of each of the stages that has one, of each of the models. */
  List<ModelVersion> latest(Tx tx, List<String> names, List<Stage> stages) {
    return tx.query(
        VERSIONS
            + """
               where (v.name, v.version) in (
                 select name, max(version) from model_versions
                 where name = any($1::text[]) and current_stage = any($2::text[])
                 group by name, current_stage)
               order by v.name, v.version
              """,
        ModelVersions::read,
        names.toArray(String[]::new),
        Stage.texts(stages).toArray(String[]::new));
  }

  /** The newest versions of each model, at most so many of each, newest first. */
  List<ModelVersion> newest(Tx tx, List<String> names, int ofEach) {
    return tx.query(
        VERSIONS
            + """
               join registered_models m on m.name = v.name
               where v.name = any($1::text[]) and v.version > m.last_version - $2
               order by v.name, v.version desc
              """,
        ModelVersions::read,
        names.toArray(String[]::new),
        ofEach);
  }

  /** Where the artifacts of a run are. */
  Optional<String> artifactsOfRun(Tx tx, String runId) {
    return tx.queryOne(
        "select artifact_uri from runs where run_id = $1",
        row -> row.string("artifact_uri"),
        runId);
  }

  /** The newest value of each metric, by run and name. */
  Map<String, Map<String, Double>> metrics(Tx tx, List<String> runIds) {
    record Point(String runId, String key, double value) {}
    List<Point> points =
        tx.query(
            "select run_id, key, value from latest_metrics where run_id = any($1::text[])",
            row -> new Point(row.string("run_id"), row.string("key"), row.float8("value")),
            (Object) runIds.toArray(String[]::new));
    return points.stream()
        .collect(
            Collectors.groupingBy(
                Point::runId,
                Collectors.toMap(Point::key, Point::value, (a, b) -> b, TreeMap::new)));
  }

  static ModelVersion read(Row row) {
    String uri = row.stringOrNull("package_uri");
    return new ModelVersion(
        row.string("name"),
        row.int4("version"),
        row.int8("creation_timestamp"),
        row.int8("last_updated_timestamp"),
        row.string("user_id"),
        row.string("current_stage"),
        row.string("description"),
        row.string("source"),
        row.stringOrNull("storage_location"),
        row.string("run_id"),
        row.string("run_link"),
        row.string("status"),
        row.stringOrNull("request_id"),
        uri == null
            ? null
            : new ModelPackage(
                uri,
                row.string("package_media_type"),
                row.string("package_sha256"),
                row.int8("package_size")),
        RegisteredModels.tags(row),
        List.of(row.array("aliases", String[].class)));
  }
}
