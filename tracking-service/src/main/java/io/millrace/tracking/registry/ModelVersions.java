package io.millrace.tracking.registry;

import io.millrace.database.Row;
import io.millrace.database.Tx;
import io.millrace.tracking.mlflow.MlflowException;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The store of registered models and their versions. */
@Component
class ModelVersions {

  private static final String VERSIONS =
      """
      select v.*,
        array(select key from model_version_tags t
              where t.name = v.name and t.version = v.version order by key) as tag_keys,
        array(select value from model_version_tags t
              where t.name = v.name and t.version = v.version order by key) as tag_values,
        array(select alias from model_aliases a
              where a.name = v.name and a.version = v.version order by alias) as aliases
      from model_versions v
      """;

  private static final String MODELS =
      """
      select m.*,
        array(select key from registered_model_tags t where t.name = m.name order by key)
          as tag_keys,
        array(select value from registered_model_tags t where t.name = m.name order by key)
          as tag_values
      from registered_models m
      """;

  private final Clock clock;

  ModelVersions(Clock clock) {
    this.clock = clock;
  }

  /** A registered model without its versions; times in milliseconds since 1970. */
  record Model(
      String name,
      String description,
      long created,
      long updated,
      int lastVersion,
      SortedMap<String, String> tags) {}

  /** What a new version is made of. */
  record NewVersion(
      String name,
      String source,
      String description,
      String runId,
      String runLink,
      String userId,
      @Nullable String requestId,
      @Nullable ModelPackage modelPackage) {}

  /** Makes a model unless it is there; returns whether it was made. */
  boolean createModel(Tx tx, String name, String description, Map<String, String> tags) {
    boolean created =
        tx.update(
                """
                insert into registered_models
                  (name, description, creation_timestamp, last_updated_timestamp)
                values ($1, $2, $3, $3) on conflict do nothing
                """,
                name,
                description,
                clock.millis())
            == 1;
    if (created) {
      tags.forEach(
          (key, value) ->
              tx.update(
                  "insert into registered_model_tags (name, key, value) values ($1, $2, $3)",
                  name,
                  key,
                  value));
    }
    return created;
  }

  Model model(Tx tx, String name) {
    return tx.queryOne(MODELS + " where m.name = $1", ModelVersions::model, name)
        .orElseThrow(() -> missing(name));
  }

  List<Model> models(Tx tx, String after, int limit) {
    return tx.query(
        MODELS + " where m.name > $1 order by m.name limit $2", ModelVersions::model, after, limit);
  }

  /** Adds a version with the next number, which no other transaction gets. */
  ModelVersion add(Tx tx, NewVersion version) {
    int number =
        tx.queryOne(
                """
                update registered_models
                set last_version = last_version + 1, last_updated_timestamp = $2
                where name = $1 returning last_version
                """,
                row -> row.int4("last_version"),
                version.name(),
                clock.millis())
            .orElseThrow(() -> missing(version.name()));
    ModelPackage held = version.modelPackage();
    tx.update(
        """
        insert into model_versions
          (name, version, creation_timestamp, last_updated_timestamp, source, description, run_id,
           run_link, user_id, request_id, package_uri, package_media_type, package_sha256,
           package_size)
        values ($1, $2, $3, $3, $4, $5, $6, $7, $8, $9::text, $10::text, $11::text, $12::text,
                $13::bigint)
        """,
        version.name(),
        number,
        clock.millis(),
        version.source(),
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

  void setTags(Tx tx, String name, int version, SortedMap<String, String> tags) {
    tags.forEach(
        (key, value) ->
            tx.update(
                """
                insert into model_version_tags (name, version, key, value) values ($1, $2, $3, $4)
                on conflict (name, version, key) do update set value = excluded.value
                """,
                name,
                version,
                key,
                value));
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
        VERSIONS + " where v.name = $1 and v.version = $2", ModelVersions::version, name, version);
  }

  /** The version that a training run of the platform made. */
  Optional<ModelVersion> ofTrainedRun(Tx tx, String runId) {
    return tx.queryOne(
        VERSIONS + " where v.run_id = $1 and v.request_id is not null",
        ModelVersions::version,
        runId);
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

  /** The highest version of each of the stages that has one. */
  List<ModelVersion> latest(Tx tx, String name, List<String> stages) {
    return tx.query(
        VERSIONS
            + """
               where (v.name, v.version) in (
                 select name, max(version) from model_versions
                 where name = $1 and current_stage = any($2::text[]) group by name, current_stage)
               order by v.version
              """,
        ModelVersions::version,
        name,
        stages.toArray(String[]::new));
  }

  /** What a search looks for; null matches everything. */
  record Filter(@Nullable String name, @Nullable String runId) {}

  /** Last updated first, then by name, newest version first. */
  List<ModelVersion> search(Tx tx, Filter filter, Position after, int limit) {
    return tx.query(
        VERSIONS
            + """
               where ($1::text is null or v.name = $1) and ($2::text is null or v.run_id = $2)
                 and (v.last_updated_timestamp < $3
                   or (v.last_updated_timestamp = $3 and v.name > $4)
                   or (v.last_updated_timestamp = $3 and v.name = $4 and v.version < $5))
               order by v.last_updated_timestamp desc, v.name, v.version desc limit $6
              """,
        ModelVersions::version,
        filter.name(),
        filter.runId(),
        after.updated(),
        after.name(),
        after.version(),
        limit);
  }

  /** Place in the list of a search. */
  record Position(long updated, String name, int version) {
    static final Position START = new Position(Long.MAX_VALUE, "", Integer.MAX_VALUE);
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
        ModelVersions::version,
        names.toArray(String[]::new),
        ofEach);
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

  private static MlflowException missing(String name) {
    return MlflowException.missing("Registered Model with name=%s not found".formatted(name));
  }

  private static Model model(Row row) {
    return new Model(
        row.string("name"),
        row.string("description"),
        row.int8("creation_timestamp"),
        row.int8("last_updated_timestamp"),
        row.int4("last_version"),
        tags(row));
  }

  private static ModelVersion version(Row row) {
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
        tags(row),
        List.of(row.array("aliases", String[].class)));
  }

  private static SortedMap<String, String> tags(Row row) {
    String[] keys = row.array("tag_keys", String[].class);
    String[] values = row.array("tag_values", String[].class);
    SortedMap<String, String> tags = new TreeMap<>();
    for (int i = 0; i < keys.length; i++) {
      tags.put(keys[i], values[i]);
    }
    return tags;
  }
}
