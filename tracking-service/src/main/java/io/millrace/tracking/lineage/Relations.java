package io.millrace.tracking.lineage;

import io.millrace.database.Row;
import io.millrace.database.Tx;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** What the database knows of how things came about, one step up or down at a time. */
@Component
class Relations {

  private static final Pattern STORED =
      Pattern.compile("\\{\"uri\":\"dataset:/(.+?)/(\\d+)\"[,}].*", Pattern.DOTALL);
  private static final Pattern COPY = Pattern.compile("models:/+([^/@]+)/(\\d{1,9})");
  private static final Pattern LOGGED = Pattern.compile("models:/+(m-[^/@]+)");
  private static final Pattern DIGITS = Pattern.compile("\\d{1,9}");

  private static final String READ =
      """
      select d.run_id, d.name, d.digest, e.source_type, e.source,
        (select t.tag ->> 'value' from jsonb_array_elements(d.tags) t (tag)
         where t.tag ->> 'key' = 'mlflow.data.context' limit 1) as context
      from run_datasets d join runs r using (run_id)
        join experiment_datasets e
          on e.experiment_id = r.experiment_id and e.name = d.name and e.digest = d.digest
      """;

  private static final String SERVED =
      """
      select h.subject as environment, m.name, h.version,
        coalesce((array_agg(h.at order by h.revision desc) filter (where h.kind = 'PROMOTED'))[1],
          min(h.at)) as since,
        bool_or(coalesce(s.version = h.version or s.deployed_version = h.version, false)) as live,
        (array_agg(h.actor order by h.revision desc) filter (where h.kind = 'PROMOTED'))[1] as by,
        bool_or(h.kind = 'DEPLOYED') as deployed
      from registry_history h
        join registered_models m on m.model_id = h.model_id
        join model_versions v on v.name = m.name and v.version = h.version
        left join served_versions s on s.environment = h.subject and s.model_name = m.name
      """;

  /**
   * What leads to the things, at most so many edges of each way.
   *
   * @param nodes all of one kind
   */
  List<Edge> upstream(Tx tx, Kind kind, Collection<Node> nodes, int limit) {
    String[] names = names(nodes);
    List<Edge> edges = new ArrayList<>();
    switch (kind) {
      case RUN -> {
        edges.addAll(
            tx.query(
                READ + " where d.run_id = any($1::text[]) order by d.name, d.digest limit $2",
                Relations::read,
                names,
                limit));
        edges.addAll(code(tx, names));
        edges.addAll(models(tx, "run_id", "input", names, limit));
        edges.addAll(
            tx.query(
                """
                select t.value as run_id, t.run_id as child from run_tags t
                join runs r on r.run_id = t.value
                where t.run_id = any($1::text[]) and t.key = 'mlflow.parentRunId'
                order by 2 limit $2
                """,
                Relations::child,
                names,
                limit));
      }
      case LOGGED_MODEL -> edges.addAll(models(tx, "model_id", "output", names, limit));
      case MODEL_VERSION -> {
        for (Origin origin : origins(tx, nodes)) {
          edges.addAll(origin.edges());
        }
      }
      case ENVIRONMENT ->
          edges.addAll(
              tx.query(
                  SERVED
                      + """
                         where h.revision is not null and h.subject = any($1::text[])
                         group by h.subject, m.name, h.version
                         order by min(h.at) desc, m.name limit $2
                        """,
                  Relations::served,
                  names,
                  limit));
      case DATASET_VERSION, CODE -> {}
    }
    return edges;
  }

  /**
   * What came of the things, at most so many edges of each way.
   *
   * @param nodes all of one kind
   */
  List<Edge> downstream(Tx tx, Kind kind, Collection<Node> nodes, int limit) {
    String[] names = names(nodes);
    List<Edge> edges = new ArrayList<>();
    switch (kind) {
      case DATASET_VERSION -> {
        for (Node node : nodes) {
          edges.addAll(readers(tx, node, limit));
        }
      }
      case RUN -> {
        edges.addAll(models(tx, "run_id", "output", names, limit));
        edges.addAll(
            tx.query(
                """
                select run_id, name, version, source from model_versions
                where run_id = any($1::text[]) order by name, version limit $2
                """,
                row -> registered(new Node(Kind.RUN, row.string("run_id")), version(row), row),
                names,
                limit));
        edges.addAll(
            tx.query(
                """
                select t.value as run_id, t.run_id as child from run_tags t
                where t.value = any($1::text[]) and t.key = 'mlflow.parentRunId'
                order by 2 limit $2
                """,
                Relations::child,
                names,
                limit));
      }
      case LOGGED_MODEL -> {
        edges.addAll(models(tx, "model_id", "input", names, limit));
        edges.addAll(copies(tx, nodes, node -> "models:/" + node.name(), limit));
      }
      case MODEL_VERSION -> {
        edges.addAll(
            copies(
                tx,
                nodes,
                node -> {
                  Version version = Version.of(node);
                  return "models:/" + version.model() + "/" + version.number();
                },
                limit));
        List<Version> versions = nodes.stream().map(Version::of).toList();
        edges.addAll(
            tx.query(
                SERVED
                    + """
                       where h.revision is not null and (m.name, h.version) in (
                         select * from unnest($1::text[], $2::int[]))
                       group by h.subject, m.name, h.version
                       order by min(h.at), h.subject limit $3
                      """,
                Relations::served,
                versions.stream().map(Version::model).toArray(String[]::new),
                versions.stream().map(Version::number).toArray(Integer[]::new),
                limit));
      }
      case CODE, ENVIRONMENT -> {}
    }
    return edges;
  }

  /** What is known of the things themselves; of those that are gone nothing. */
  Map<Node, SortedMap<String, String>> details(Tx tx, Kind kind, Collection<Node> nodes) {
    Map<Node, SortedMap<String, String>> details = new HashMap<>();
    switch (kind) {
      case RUN ->
          tx.query(
                  """
                  select * from runs where run_id = any($1::text[])
                  """,
                  row ->
                      Map.entry(
                          new Node(kind, row.string("run_id")),
                          details(
                              "runName", row.string("name"),
                              "status", row.string("status"),
                              "experimentId", Long.toString(row.int8("experiment_id")),
                              "startTime",
                                  row.int8("start_time") <= 0 ? null : time(row.int8("start_time")),
                              "user", row.string("user_id"),
                              "requestId", row.stringOrNull("request_id"),
                              "lifecycleStage", row.string("lifecycle_stage"))),
                  (Object) names(nodes))
              .forEach(entry -> details.put(entry.getKey(), entry.getValue()));
      case MODEL_VERSION ->
          versions(
                  tx,
                  nodes,
                  row ->
                      Map.entry(
                          version(row),
                          details(
                              "stage", row.string("current_stage"),
                              "aliases", String.join(", ", row.array("aliases", String[].class)),
                              "createdAt", time(row.int8("creation_timestamp")),
                              "registeredBy", row.string("user_id"),
                              "source", row.string("source"))))
              .forEach(entry -> details.put(entry.getKey(), entry.getValue()));
      case LOGGED_MODEL ->
          tx.query(
                  "select * from logged_models where model_id = any($1::text[])",
                  row ->
                      Map.entry(
                          new Node(kind, row.string("model_id")),
                          details(
                              "modelName", row.string("name"),
                              "status", row.string("status"),
                              "modelType", row.string("model_type"),
                              "createdAt", time(row.int8("creation_time")),
                              "lifecycleStage", row.string("lifecycle_stage"))),
                  (Object) names(nodes))
              .forEach(entry -> details.put(entry.getKey(), entry.getValue()));
      case DATASET_VERSION, CODE, ENVIRONMENT -> {}
    }
    return details;
  }

  /** The version that an alias names. */
  @Nullable Node aliased(Tx tx, String model, String alias) {
    return tx.queryOne(
            "select name, version from model_aliases where name = $1 and alias = $2",
            Relations::version,
            model,
            alias)
        .orElse(null);
  }

  private record Version(String model, int number) {

    static Version of(Node node) {
      int colon = node.name().lastIndexOf(':');
      return new Version(
          node.name().substring(0, colon), Integer.parseInt(node.name().substring(colon + 1)));
    }
  }

  private record Origin(Node version, String runId, boolean runKnown, String source) {

    List<Edge> edges() {
      List<Edge> edges = new ArrayList<>();
      if (runKnown) {
        edges.add(Edge.of(new Node(Kind.RUN, runId), version, "registered"));
      }
      Matcher copied = COPY.matcher(source);
      Matcher logged = LOGGED.matcher(source);
      if (copied.matches()) {
        edges.add(
            Edge.of(
                new Node(Kind.MODEL_VERSION, copied.group(1) + ":" + copied.group(2)),
                version,
                "copied"));
      } else if (logged.matches()) {
        edges.add(Edge.of(new Node(Kind.LOGGED_MODEL, logged.group(1)), version, "registered"));
      }
      return edges;
    }
  }

  private static List<Origin> origins(Tx tx, Collection<Node> nodes) {
    return versions(
        tx,
        nodes,
        row ->
            new Origin(
                version(row), row.string("run_id"), row.bool("known"), row.string("source")));
  }

  private static <T> List<T> versions(Tx tx, Collection<Node> nodes, Function<Row, T> form) {
    List<Version> versions = nodes.stream().map(Version::of).toList();
    return tx.query(
        """
        select v.*, exists (select 1 from runs r where r.run_id = v.run_id) as known,
          array(select alias from model_aliases a
                where a.name = v.name and a.version = v.version order by alias) as aliases
        from model_versions v
        where (v.name, v.version) in (select * from unnest($1::text[], $2::int[]))
        order by v.name, v.version
        """,
        form,
        versions.stream().map(Version::model).toArray(String[]::new),
        versions.stream().map(Version::number).toArray(Integer[]::new));
  }

  private static List<Edge> readers(Tx tx, Node dataset, int limit) {
    int at = dataset.name().lastIndexOf('@');
    String name = dataset.name().substring(0, at);
    String which = dataset.name().substring(at + 1);
    return tx.query(
        READ
            + """
               where d.name = $1
                 and (d.digest = $2
                   -- Of long digests a run keeps the beginning.
                   or (length(d.digest) >= 32 and starts_with($2, d.digest))
                   or (e.source_type = 'millrace' and $3 <> '' and starts_with(e.source, $3)))
               order by d.run_id limit $4
              """,
        row -> readBy(dataset, row),
        name,
        which,
        DIGITS.matcher(which).matches() ? "{\"uri\":\"dataset:/" + name + "/" + which + "\"" : "",
        limit);
  }

  private static List<Edge> code(Tx tx, String[] runs) {
    Map<String, SortedMap<String, String>> tags = new TreeMap<>();
    tx.query(
            """
            select run_id, key, value from run_tags
            where run_id = any($1::text[])
              and (key like 'mlflow.source.%' or key like 'millrace.pipeline%')
            """,
            row -> List.of(row.string("run_id"), row.string("key"), row.string("value")),
            (Object) runs)
        .forEach(
            tag ->
                tags.computeIfAbsent(tag.get(0), run -> new TreeMap<>())
                    .put(tag.get(1), tag.get(2)));
    List<Edge> edges = new ArrayList<>();
    tags.forEach(
        (run, of) -> {
          String pipeline = of.get("millrace.pipeline");
          String commit = of.get("mlflow.source.git.commit");
          String place =
              pipeline != null
                  ? pipeline
                  : of.getOrDefault(
                      "mlflow.source.git.repoURL", of.getOrDefault("mlflow.source.name", ""));
          String state = pipeline != null ? of.get("millrace.pipeline_version") : commit;
          if (!place.isEmpty() || state != null) {
            edges.add(
                Edge.of(
                        new Node(Kind.CODE, state == null ? place : place + "@" + state),
                        new Node(Kind.RUN, run),
                        "ran")
                    .with("source", of.get("mlflow.source.name"))
                    .with("type", of.get("mlflow.source.type"))
                    .with("commit", commit)
                    .with("branch", of.get("mlflow.source.git.branch"))
                    .with("repository", of.get("mlflow.source.git.repoURL")));
          }
        });
    return edges;
  }

  private static List<Edge> models(Tx tx, String column, String role, String[] names, int limit) {
    String made =
        """
         union select source_run_id, model_id from logged_models
         where source_run_id <> '' and %s = any($1::text[])
        """
            .formatted(column.equals("run_id") ? "source_run_id" : column);
    return tx.query(
        "select run_id, model_id from run_models where "
            + column
            + " = any($1::text[]) and role = $2"
            + (role.equals("output") ? made : "")
            + " order by run_id, model_id limit $3",
        row -> {
          Node run = new Node(Kind.RUN, row.string("run_id"));
          Node model = new Node(Kind.LOGGED_MODEL, row.string("model_id"));
          return role.equals("input") ? Edge.of(model, run, "read") : Edge.of(run, model, "made");
        },
        names,
        role,
        limit);
  }

  private static List<Edge> copies(
      Tx tx, Collection<Node> nodes, Function<Node, String> uri, int limit) {
    Map<String, Node> byUri = new HashMap<>();
    nodes.forEach(node -> byUri.put(uri.apply(node), node));
    return tx.query(
        """
        select name, version, source from model_versions
        where source = any($1::text[]) and source like 'models:/%'
        order by name, version limit $2
        """,
        row -> {
          Node from = byUri.getOrDefault(row.string("source"), nodes.iterator().next());
          return Edge.of(
              from, version(row), from.kind() == Kind.LOGGED_MODEL ? "registered" : "copied");
        },
        byUri.keySet().toArray(String[]::new),
        limit);
  }

  private static Edge read(Row row) {
    Matcher stored = STORED.matcher(row.string("source"));
    boolean ours = row.string("source_type").equals("millrace") && stored.matches();
    return readBy(
        new Node(
            Kind.DATASET_VERSION,
            ours
                ? stored.group(1) + "@" + stored.group(2)
                : row.string("name") + "@" + row.string("digest")),
        row);
  }

  private static Edge readBy(Node dataset, Row row) {
    return Edge.of(dataset, new Node(Kind.RUN, row.string("run_id")), "read")
        .with("context", row.stringOrNull("context"))
        .with("digest", row.string("digest"));
  }

  private static Edge child(Row row) {
    return Edge.of(
        new Node(Kind.RUN, row.string("run_id")),
        new Node(Kind.RUN, row.string("child")),
        "started");
  }

  private static Edge registered(Node run, Node version, Row row) {
    return Edge.of(run, version, "registered").with("source", row.string("source"));
  }

  private static Edge served(Row row) {
    return Edge.of(version(row), new Node(Kind.ENVIRONMENT, row.string("environment")), "served")
        .with("since", row.instant("since").toString())
        .with("by", row.stringOrNull("by"))
        .with("live", Boolean.toString(row.bool("live")))
        .with("deployed", Boolean.toString(row.bool("deployed")));
  }

  private static Node version(Row row) {
    return new Node(Kind.MODEL_VERSION, row.string("name") + ":" + row.int4("version"));
  }

  private static String[] names(Collection<Node> nodes) {
    return nodes.stream().map(Node::name).toArray(String[]::new);
  }

  private static String time(long millis) {
    return Instant.ofEpochMilli(millis).toString();
  }

  private static SortedMap<String, String> details(@Nullable String... pairs) {
    SortedMap<String, String> details = new TreeMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      String key = pairs[i];
      String value = pairs[i + 1];
      if (key != null && value != null && !value.isEmpty()) {
        details.put(key, value);
      }
    }
    return details;
  }
}
