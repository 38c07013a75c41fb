package io.millrace.tracking.pipelines;

import io.millrace.artifacts.Sha256;
import io.millrace.changes.Change;
import io.millrace.database.Row;
import io.millrace.database.Tx;
import io.millrace.pipeline.Pipeline;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The store of pipeline files. Versions are added, never changed; one that is added publishes its
 * event in the same transaction, as its last step.
 */
@Component
public class Pipelines {

  private static final JsonMapper JSON = JsonMapper.shared();

  private final PipelineEvents events;

  Pipelines(PipelineEvents events) {
    this.events = events;
  }

  /** What applying a file led to. */
  record Applied(String name, int version, boolean created) {}

  /** A line of the list. */
  record Line(String name, int latestVersion, Instant createdAt) {}

  /** Adds a version, unless the newest one of that name says the same. */
  Applied apply(Tx tx, String definition, Pipeline pipeline, Change change) {
    String sha256 = Sha256.of(definition);
    String name = pipeline.name();
    tx.query(
        "select pg_advisory_xact_lock(hashtext(current_schema()), hashtext('pipeline ' || $1))",
        row -> Boolean.TRUE,
        name);
    record Newest(int version, String sha256, String resolved) {}
    Optional<Newest> newest =
        tx.queryOne(
            """
            select version, sha256, resolved from pipelines
            where name = $1 order by version desc limit 1
            """,
            row -> new Newest(row.int4("version"), row.string("sha256"), row.json("resolved")),
            name);
    if (newest.isPresent() && newest.get().sha256().equals(sha256)) {
      return new Applied(name, newest.get().version(), false);
    }
    int version = newest.map(Newest::version).orElse(0) + 1;
    tx.update(
        """
        insert into pipelines (name, version, definition, resolved, sha256)
        values ($1, $2, $3, $4::jsonb, $5)
        """,
        name,
        version,
        definition,
        pipeline.toJson(),
        sha256);
    events.applied(
        tx,
        name,
        version,
        newest.map(Newest::version).orElse(null),
        sha256,
        newest
            .map(before -> changed(Pipeline.fromJson(before.resolved()), pipeline))
            .orElse(List.of()),
        change);
    return new Applied(name, version, true);
  }

  /** Sections that two pipelines do not share, in the order of the later one. */
  private static List<String> changed(Pipeline before, Pipeline after) {
    JsonNode old = JSON.readTree(before.toJson());
    JsonNode now = JSON.readTree(after.toJson());
    return Stream.concat(now.propertyNames().stream(), old.propertyNames().stream())
        .distinct()
        .filter(section -> !now.path(section).equals(old.path(section)))
        .toList();
  }

  /** A version of a pipeline; the newest where none is asked for. */
  public Optional<AppliedPipeline> find(Tx tx, String name, @Nullable Integer version) {
    return tx.queryOne(
        """
        select * from pipelines where name = $1 and ($2::integer is null or version = $2)
        order by version desc limit 1
        """,
        Pipelines::pipeline,
        name,
        version);
  }

  /** The names there are, the newest first, for saying what somebody may have meant. */
  public List<String> names(Tx tx) {
    return tx.query(
        "select name from pipelines group by name order by max(created_at) desc limit 1000",
        row -> row.string("name"));
  }

  List<Line> list(Tx tx, String after, int limit) {
    return tx.query(
        """
        select name, max(version) as version, max(created_at) as created_at
        from pipelines where name > $1 group by name order by name limit $2
        """,
        row -> new Line(row.string("name"), row.int4("version"), row.instant("created_at")),
        after,
        limit);
  }

  private static AppliedPipeline pipeline(Row row) {
    return new AppliedPipeline(
        row.string("name"),
        row.int4("version"),
        row.string("definition"),
        Pipeline.fromJson(row.json("resolved")),
        row.instant("created_at"));
  }
}
