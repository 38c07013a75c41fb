package io.millrace.benchmarks;

import io.millrace.cli.CliFailure;
import io.millrace.cli.Terminal;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.function.IntConsumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Searches among many runs of one experiment, 20 metrics and 10 parameters each, in pages of 100,
 * by one client. Beside each stands the plain statement for the same page over one JDBC connection,
 * with what was logged to its runs; these are measured after all searches, in the same run: among a
 * million runs one takes seconds, and drives out of the caches what the next search reads.
 */
final class SearchBenchmark {

  private static final JsonMapper JSON = JsonMapper.shared();
  private static final int PAGE = 100;
  private static final int MEASURED = 150;

  /** One client makes few calls: what one costs the service still falls after a minute of them. */
  private static final Duration COMPILED = Duration.ofMinutes(2);

  private static final int CHUNK = 50_000;
  private static final List<String> TABLES = List.of("latest_metrics", "run_params", "run_tags");

  private static final String RUNS =
      """
      insert into tracking.runs (run_id, experiment_id, name, user_id, status, start_time, end_time, artifact_uri)
      select md5(':experiment' || '-' || i), :experiment, 'run-' || i, 'bench', 'FINISHED',
        1700000000000 + i * 1000::bigint, 1700000005000 + i * 1000::bigint, 'mlflow-artifacts:/bench/' || i
      from generate_series(:from, :to) i
      """;

  /** What is lateral stays inside, so that what a run has lies together as clients log it. */
  private static final String METRICS =
      """
      insert into tracking.latest_metrics (run_id, experiment_id, key, step, timestamp_ms, value)
      select r.id, :experiment, 'metric_' || lpad(k::text, 2, '0'), 100, 1700000000000, random()
      from (select i, md5(':experiment' || '-' || i) as id from generate_series(:from, :to) i offset 0) r
        cross join lateral (select k from generate_series(0, 19) k where r.i > 0 offset 0) k
      """;

  private static final String PARAMS =
      """
      insert into tracking.run_params (run_id, experiment_id, key, value)
      select r.id, :experiment, case k when 0 then 'kind' else 'param_' || k end,
        case k when 0 then case when random() < 0.7 then 'common' else 'other' end
          when 1 then (random() * 1000)::int::text
          when 2 then 'v' || (random() * 10)::int else 'value-' || (random() * 50)::int end
      from (select i, md5(':experiment' || '-' || i) as id from generate_series(:from, :to) i offset 0) r
        cross join lateral (select k from generate_series(0, 9) k where r.i > 0 offset 0) k
      """;

  private static final String TAGS =
      """
      insert into tracking.run_tags (run_id, experiment_id, key, value)
      select r.id, :experiment, k, case k when 'mlflow.runName' then 'run-' || r.i else 'bench' end
      from (select i, md5(':experiment' || '-' || i) as id from generate_series(:from, :to) i offset 0) r
        cross join lateral (
          select k from unnest(array['mlflow.runName', 'mlflow.user', 'mlflow.source.name']) k
          where r.i > 0 offset 0) k
      """;

  private final Terminal terminal;
  private final Report report;
  private final URI tracking;
  private final TrackingBenchmark.Database connections;
  private final Connection database;
  private final int runs;
  private final Random random = new Random(5);
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private String experiment = "";

  /**
   * @param tracking where MLflow's calls are answered
   * @param connections of a superuser to the same database
   * @param database one of them
   */
  SearchBenchmark(
      Terminal terminal,
      Report report,
      URI tracking,
      TrackingBenchmark.Database connections,
      Connection database,
      int runs) {
    this.terminal = terminal;
    this.report = report;
    this.tracking = tracking;
    this.connections = connections;
    this.database = database;
    this.runs = runs;
  }

  /**
   * A search that is measured.
   *
   * @param filter its thresholds, %s, change from call to call
   * @param plain the condition of the same filter in SQL, on runs r
   */
  private record Asked(
      String what, String filter, double from, double to, String order, String plain, String key) {

    String body(SearchBenchmark benchmark, double threshold) {
      return benchmark.body(String.format(Locale.ROOT, filter, threshold), order, "");
    }
  }

  void run() throws Exception {
    experiment =
        post("experiments/create", "{\"name\":\"search-" + runs + "-" + System.nanoTime() + "\"}")
            .path("experiment_id")
            .asString();
    load();
    searches();
  }

  private void searches() throws IOException, InterruptedException, SQLException {
    var goal = runs <= 100_000 ? 40 : 100;
    var searches =
        List.of(
            new Asked(
                "a metric and a parameter that most runs pass",
                "metrics.metric_03 > %s AND params.kind = 'common'",
                0.05,
                0.15,
                "metrics.metric_07 DESC",
                metric("metric_03", ">") + param("kind", "common"),
                "metric_07"),
            new Asked(
                "a metric and a parameter that one run in 20 passes",
                "metrics.metric_03 > %s AND params.param_2 = 'v3'",
                0.45,
                0.55,
                "metrics.metric_07 DESC",
                metric("metric_03", ">") + param("param_2", "v3"),
                "metric_07"),
            new Asked(
                "a metric and a parameter that one run in 100 passes",
                "metrics.metric_03 > %s AND params.param_2 = 'v3'",
                0.88,
                0.92,
                "metrics.metric_07",
                metric("metric_03", ">") + param("param_2", "v3"),
                "metric_07"),
            new Asked(
                "a metric that one run in 1000 passes, and a parameter",
                "metrics.metric_03 > %s AND params.kind = 'common'",
                0.9988,
                0.9992,
                "metrics.metric_07",
                metric("metric_03", ">") + param("kind", "common"),
                "metric_07"));
    warmUp(searches);
    var measured = new ArrayList<Measured>();
    for (var asked : searches) {
      measured.add(measure(asked));
    }
    var pages = deep();
    for (var one : measured) {
      report(one, goal);
    }
    report.add(
        "pages 471 to " + pages.last() + " of the first of these; " + amount(),
        pages.late().describe(),
        "p95 under " + goal + " ms",
        pages.late().percentileMillis(0.95) < goal,
        "pages 1 to 40: " + pages.early().describe());
  }

  /** A search, what its calls took, and the thresholds of every tenth. */
  private record Measured(Asked asked, Samples took, List<Double> thresholds) {}

  /** What the first pages and the last ones took. */
  private record Pages(Samples early, Samples late, int last) {}

  private static String metric(String key, String comparator) {
    return " and exists (select 1 from tracking.latest_metrics m where m.run_id = r.run_id and m.key = '"
        + key
        + "' and m.value "
        + comparator
        + " ?)";
  }

  private static String param(String key, String value) {
    return " and exists (select 1 from tracking.run_params p where p.run_id = r.run_id and p.key = '"
        + key
        + "' and p.value = '"
        + value
        + "')";
  }

  private void warmUp(List<Asked> searches) throws IOException, InterruptedException {
    var until = System.nanoTime() + COMPILED.toNanos();
    for (int i = 0; System.nanoTime() < until; i++) {
      var asked = searches.get(i % searches.size());
      post("runs/search", asked.body(this, threshold(asked)));
    }
  }

  private double threshold(Asked asked) {
    return asked.from() + random.nextDouble() * (asked.to() - asked.from());
  }

  private Measured measure(Asked asked) throws IOException, InterruptedException {
    terminal.line("  " + asked.what() + " ...");
    var took = new Samples();
    var thresholds = new ArrayList<Double>();
    for (int i = 0; i < MEASURED; i++) {
      var threshold = threshold(asked);
      var body = asked.body(this, threshold);
      var begun = System.nanoTime();
      var found = post("runs/search", body).path("runs").size();
      var nanos = System.nanoTime() - begun;
      if (found == 0) {
        throw new CliFailure("Nothing was found by " + body);
      }
      took.add(nanos);
      if (i % 10 == 0) {
        thresholds.add(threshold);
      }
    }
    return new Measured(asked, took, thresholds);
  }

  /** Measures the plain statement and puts it beside the search. */
  private void report(Measured measured, int goal) throws SQLException {
    terminal.line("  " + measured.asked().what() + ", plain SQL ...");
    var plain = new Samples();
    for (var threshold : measured.thresholds()) {
      var begun = System.nanoTime();
      plainPage(measured.asked(), threshold);
      plain.add(System.nanoTime() - begun);
    }
    report.add(
        "first page, " + measured.asked().what() + ", by a metric; " + amount(),
        measured.took().describe(),
        "p95 under " + goal + " ms",
        measured.took().percentileMillis(0.95) < goal,
        "plain SQL: " + plain.describe());
  }

  /** All pages up to the 510th, as a client walks them. */
  private Pages deep() throws IOException, InterruptedException {
    terminal.line("  510 pages ...");
    var early = new Samples();
    var late = new Samples();
    var token = "";
    var page = 0;
    do {
      var body =
          body(
              "metrics.metric_03 > 0.1 AND params.kind = 'common'",
              "metrics.metric_07 DESC",
              token);
      var begun = System.nanoTime();
      var found = post("runs/search", body);
      var nanos = System.nanoTime() - begun;
      page++;
      if (page <= 40) {
        early.add(nanos);
      } else if (page > 470) {
        late.add(nanos);
      }
      token = found.path("next_page_token").asString("");
    } while (!token.isEmpty() && page < 510);
    return new Pages(early, late, page);
  }

  private String amount() {
    return String.format(Locale.ROOT, "%,d runs", runs);
  }

  private String body(String filter, String order, String token) {
    ObjectNode body = JSON.createObjectNode();
    body.putArray("experiment_ids").add(experiment);
    body.put("filter", filter).put("max_results", PAGE).put("page_token", token);
    body.putArray("order_by").add(order);
    return body.toString();
  }

  private void plainPage(Asked asked, double threshold) throws SQLException {
    var ids = new ArrayList<String>();
    try (var select =
        database.prepareStatement(
            "select r.run_id from tracking.runs r left join tracking.latest_metrics o on o.run_id = r.run_id and o.key = '"
                + asked.key()
                + "' where r.experiment_id = "
                + experiment
                + " and r.lifecycle_stage = 'active'"
                + asked.plain()
                + " order by o.value "
                + (asked.order().endsWith("DESC") ? "desc nulls last" : "asc")
                + ", r.start_time desc, r.run_id limit "
                + PAGE)) {
      select.setDouble(1, threshold);
      try (var rows = select.executeQuery()) {
        while (rows.next()) {
          ids.add(rows.getString(1));
        }
      }
    }
    for (var table : TABLES) {
      try (var select =
          database.prepareStatement(
              "select run_id, key, value from tracking." + table + " where run_id = any (?)")) {
        select.setArray(1, database.createArrayOf("text", ids.toArray()));
        try (var rows = select.executeQuery()) {
          while (rows.next()) {
            if (rows.getString(3) == null) {
              throw new CliFailure("A value is missing in " + table);
            }
          }
        }
      }
    }
  }

  /**
   * Puts the runs into the tables in the order of their start, over two connections since one keeps
   * one processor busy; indexes are built afterwards.
   */
  private void load() throws Exception {
    terminal.line("Loading " + amount() + " ...");
    var begun = System.nanoTime();
    try (var second = connections.connect();
        var beside = Executors.newSingleThreadExecutor()) {
      for (var connection : List.of(database, second)) {
        execute(
            connection,
            List.of(
                "set session_replication_role = replica",
                "set synchronous_commit = off",
                "set maintenance_work_mem = '1GB'"));
      }
      execute(
          database, List.of("alter system set max_wal_size = '16GB'", "select pg_reload_conf()"));
      var ofMetrics = withoutIndexes("latest_metrics");
      var ofParams = withoutIndexes("run_params");
      var ofTags = withoutIndexes("run_tags");
      var others =
          beside.submit(
              () -> {
                insert(second, List.of(RUNS, PARAMS, TAGS), to -> {});
                execute(second, ofParams);
                execute(second, ofTags);
                return Boolean.TRUE;
              });
      insert(database, List.of(METRICS), to -> terminal.progress("runs", to, runs, ""));
      terminal.endProgress();
      execute(database, ofMetrics);
      others.get();
      for (var table : List.of("runs", "latest_metrics", "run_params", "run_tags")) {
        execute(database, List.of("vacuum analyze tracking." + table));
      }
      execute(
          database,
          List.of(
              "checkpoint",
              "alter system reset max_wal_size",
              "select pg_reload_conf()",
              "set session_replication_role = origin"));
    }
    terminal.line(String.format(Locale.ROOT, "  took %.0f s", (System.nanoTime() - begun) / 1e9));
  }

  /** Drops the indexes of a table; returns what makes them again. */
  private List<String> withoutIndexes(String table) throws SQLException {
    var drops = new ArrayList<String>();
    var again = new ArrayList<String>();
    try (var statement = database.createStatement();
        var rows =
            statement.executeQuery(
                """
                select 'alter table tracking.%1$s drop constraint ' || conname,
                  'alter table tracking.%1$s add constraint ' || conname || ' ' || pg_get_constraintdef(oid)
                from pg_constraint where conrelid = 'tracking.%1$s'::regclass and contype = 'p'
                union all
                select 'drop index tracking.' || c.relname, pg_get_indexdef(i.indexrelid)
                from pg_index i join pg_class c on c.oid = i.indexrelid
                where i.indrelid = 'tracking.%1$s'::regclass and not i.indisprimary
                """
                    .formatted(table))) {
      while (rows.next()) {
        drops.add(rows.getString(1));
        again.add(rows.getString(2));
      }
    }
    execute(database, drops);
    return again;
  }

  private void insert(Connection connection, List<String> inserts, IntConsumer progress)
      throws SQLException {
    for (int from = 1; from <= runs; from += CHUNK) {
      var to = Math.min(runs, from + CHUNK - 1);
      progress.accept(to);
      for (var insert : inserts) {
        execute(
            connection,
            List.of(
                insert
                    .replace(":experiment", experiment)
                    .replace(":from", Integer.toString(from))
                    .replace(":to", Integer.toString(to))));
      }
    }
  }

  private static void execute(Connection connection, List<String> statements) throws SQLException {
    try (var statement = connection.createStatement()) {
      for (var sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private JsonNode post(String call, String body) throws IOException, InterruptedException {
    var response =
        http.send(
            HttpRequest.newBuilder(tracking.resolve("/api/2.0/mlflow/" + call))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body))
                .build(),
            BodyHandlers.ofByteArray());
    if (response.statusCode() != 200) {
      throw new CliFailure(
          call
              + " answered "
              + response.statusCode()
              + ": "
              + new String(response.body(), StandardCharsets.UTF_8));
    }
    return JSON.readTree(response.body());
  }
}
