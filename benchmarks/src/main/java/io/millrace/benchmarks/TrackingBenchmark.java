package io.millrace.benchmarks;

import io.millrace.cli.CliFailure;
import io.millrace.cli.Terminal;
import io.millrace.embedded.EmbeddedPlatform;
import io.millrace.embedded.EmbeddedPlatformSettings;
import io.millrace.standalone.SeparateProcesses;
import io.millrace.standalone.Service;
import io.millrace.standalone.Wiring;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Measures what MLflow clients do all day, through the gateway, with tracking-service and
 * artifact-service in processes of their own on durable PostgreSQL. Every rate stands beside the
 * bare statement on the same server in the same run.
 */
final class TrackingBenchmark {

  private static final JsonMapper JSON = JsonMapper.shared();
  private static final int BATCH = 1000;
  private static final Duration WARM_UP = Duration.ofSeconds(15);

  /** After so long a call takes no less time any more: two processors compile beside the work. */
  private static final Duration COMPILED = Duration.ofSeconds(45);

  private static final int MOST_BATCH_CLIENTS = 4;

  /** The disk is not the same from minute to minute: what is compared takes turns. */
  private static final Duration TURN = Duration.ofSeconds(5);

  private static final int TURNS = 4;
  private static final int HISTORY = 1_000_000;
  private static final int HISTORY_PAGE = 25_000;

  /** As the container images start the services, with as much heap as their limit leaves them. */
  private static final List<String> JVM =
      List.of(
          "-Xmx256m",
          "-XX:+UseSerialGC",
          "--enable-native-access=ALL-UNNAMED",
          "--sun-misc-unsafe-memory-access=allow");

  /** What can be measured alone. */
  enum Part {
    BATCHES,
    SINGLES,
    READS,
    HISTORY,
    SEARCH,
    ARTIFACTS,
    /** 5 GiB there and back; takes minutes and 15 GB of disk, and is measured only where named. */
    LARGE
  }

  private final Set<Part> parts;
  private final List<Integer> searched;
  private final Path root;
  private final Terminal terminal;
  private final Report report;
  private final AtomicLong times = new AtomicLong(1_700_000_000_000L);
  private @Nullable Pinged pinged;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .executor(Executors.newVirtualThreadPerTaskExecutor())
          .build();

  TrackingBenchmark(
      Path root, Terminal terminal, Set<Part> parts, List<Integer> searched, String command) {
    this.searched = List.copyOf(searched);
    this.parts = Set.copyOf(parts);
    this.root = root;
    this.terminal = terminal;
    this.report = new Report("tracking", command);
  }

  Report run() throws Exception {
    try (var workspace = Workspace.open();
        var infrastructure =
            EmbeddedPlatform.start(EmbeddedPlatformSettings.in(workspace.folder()))) {
      run(workspace, infrastructure);
    } finally {
      http.shutdownNow();
    }
    return report;
  }

  private void run(Workspace workspace, EmbeddedPlatform infrastructure) throws Exception {
    var home = workspace.folder();
    var wiring = Wiring.of(Wiring.Infrastructure.of(infrastructure), 0, home);
    try (var services =
        new SeparateProcesses(
            root.resolve("standalone/target/dist/lib"),
            home.resolve("logs"),
            wiring,
            flags(workspace))) {
      Service[] needed = {Service.GATEWAY, Service.TRACKING, Service.ARTIFACT};
      terminal.line("Starting PostgreSQL, Kafka, S3 and the services ...");
      services.start(needed);
      services.awaitReady(needed);
      var gateway = services.gateway();
      Database database =
          () ->
              DriverManager.getConnection(
                  infrastructure.jdbcUrl(),
                  infrastructure.postgresUser(),
                  infrastructure.postgresPassword());
      try (var bare = database.connect()) {
        if (parts.contains(Part.BATCHES)) {
          batches(gateway, database, bare);
        }
        if (parts.contains(Part.SINGLES)) {
          singles(gateway);
        }
        if (parts.contains(Part.READS)) {
          reads(gateway);
        }
        if (parts.contains(Part.HISTORY)) {
          history(gateway, bare);
        }
        if (parts.contains(Part.SEARCH)) {
          for (int amount : searched) {
            terminal.line(String.format(Locale.ROOT, "Searches among %,d runs ...", amount));
            new SearchBenchmark(terminal, report, gateway, database, bare, amount).run();
          }
        }
        if (parts.contains(Part.ARTIFACTS)) {
          artifacts(artifactBenchmark(infrastructure, services, wiring), home);
        }
        if (parts.contains(Part.LARGE)) {
          large(artifactBenchmark(infrastructure, services, wiring), home);
        }
      }
    }
  }

  /**
   * `log-batch` of 1000 metrics beside the insert of the same rows into a table of the same shape.
   */
  private void batches(URI gateway, Database database, Connection bare) throws Exception {
    terminal.line("log-batch, 1000 metrics a call ...");
    try (var statement = bare.createStatement()) {
      statement.execute("create table bare_metrics (like tracking.run_metrics including all)");
    }
    warmUp(gateway, database);
    for (int clients : new int[] {1, MOST_BATCH_CLIENTS}) {
      var runs = new ArrayList<String>();
      for (int i = 0; i < clients; i++) {
        runs.add(newRun(gateway));
      }
      var connections = new ArrayList<Connection>();
      try {
        for (int i = 0; i < clients; i++) {
          connections.add(database.connect());
        }
        Load.Step logged = client -> () -> logBatch(gateway, runs.get(client));
        Load.Step inserted = client -> () -> insert(connections.get(client), runs.get(client));
        Load.rate(clients, TURN, logged);
        Load.rate(clients, TURN, inserted);
        var rowsASecond = 0.0;
        var bareRows = 0.0;
        for (int turn = 0; turn < TURNS; turn++) {
          rowsASecond += BATCH * Load.rate(clients, TURN, logged) / TURNS;
          bareRows += BATCH * Load.rate(clients, TURN, inserted) / TURNS;
        }
        add(
            "`log-batch` of 1000 metrics, " + clients + (clients == 1 ? " client" : " clients"),
            String.format(Locale.ROOT, "%,.0f rows/s", rowsASecond),
            "50 % of the bare insert",
            rowsASecond >= bareRows / 2,
            String.format(
                Locale.ROOT,
                "%.0f %% of `INSERT ... SELECT unnest(...)` over JDBC, %,.0f rows/s",
                100 * rowsASecond / bareRows,
                bareRows));
      } finally {
        for (var connection : connections) {
          connection.close();
        }
      }
    }
  }

  /**
   * One client alone makes so few calls that the compilers would not be done for minutes; so as
   * many as are measured at most begin. The bare table gets about as many rows meanwhile.
   */
  private void warmUp(URI gateway, Database database) throws Exception {
    var runs = new ArrayList<String>();
    for (int i = 0; i < MOST_BATCH_CLIENTS; i++) {
      runs.add(newRun(gateway));
    }
    var logged =
        Load.rate(MOST_BATCH_CLIENTS, COMPILED, client -> () -> logBatch(gateway, runs.get(client)))
            * COMPILED.toSeconds();
    try (var connection = database.connect()) {
      for (int i = 0; i < logged; i++) {
        insert(connection, runs.get(i % MOST_BATCH_CLIENTS));
      }
    }
  }

  private void logBatch(URI gateway, String run) throws IOException, InterruptedException {
    var body = new StringBuilder(80_000);
    body.append("{\"run_id\":\"").append(run).append("\",\"metrics\":[");
    var at = times.getAndAdd(BATCH);
    for (int i = 0; i < BATCH; i++) {
      body.append(i == 0 ? "" : ",")
          .append("{\"key\":\"metric-")
          .append(i % 20)
          .append("\",\"value\":")
          .append(value(at + i))
          .append(",\"timestamp\":")
          .append(at + i)
          .append(",\"step\":")
          .append(i / 20)
          .append('}');
    }
    post(gateway, "runs/log-batch", body.append("]}").toString());
  }

  private void insert(Connection connection, String run) throws SQLException {
    var keys = new String[BATCH];
    var values = new Double[BATCH];
    var timestamps = new Long[BATCH];
    var steps = new Long[BATCH];
    var at = times.getAndAdd(BATCH);
    for (int i = 0; i < BATCH; i++) {
      keys[i] = "metric-" + i % 20;
      values[i] = value(at + i);
      timestamps[i] = at + i;
      steps[i] = (long) (i / 20);
    }
    try (var insert =
        connection.prepareStatement(
            """
            insert into bare_metrics (run_id, key, timestamp_ms, step, value)
            select ?, key, timestamp_ms, step, value
            from unnest(?::text[], ?::bigint[], ?::bigint[], ?::float8[])
              as m (key, timestamp_ms, step, value)
            """)) {
      insert.setString(1, run);
      insert.setArray(2, connection.createArrayOf("text", keys));
      insert.setArray(3, connection.createArrayOf("int8", timestamps));
      insert.setArray(4, connection.createArrayOf("int8", steps));
      insert.setArray(5, connection.createArrayOf("float8", values));
      insert.executeUpdate();
    }
  }

  /** Single `log-metric` calls of many clients, each with its own run. */
  private void singles(URI gateway) throws Exception {
    terminal.line("log-metric, 16 clients ...");
    var runs = new ArrayList<String>();
    for (int i = 0; i < Load.CLIENTS; i++) {
      runs.add(newRun(gateway));
    }
    calls("`log-metric`", 15, client -> () -> logMetric(gateway, runs.get(client)), ping(gateway));
  }

  private void logMetric(URI gateway, String run) throws IOException, InterruptedException {
    var at = times.getAndIncrement();
    post(
        gateway,
        "runs/log-metric",
        "{\"run_id\":\"%s\",\"key\":\"loss\",\"value\":%s,\"timestamp\":%d,\"step\":%d}"
            .formatted(run, value(at), at, at));
  }

  private void reads(URI gateway) throws Exception {
    terminal.line("runs/get and experiments/search, 16 clients ...");
    for (int i = 0; i < 200; i++) {
      post(gateway, "experiments/create", "{\"name\":\"bench-%d\"}".formatted(i));
    }
    var runs = new ArrayList<String>();
    for (int i = 0; i < Load.CLIENTS; i++) {
      var run = newRun(gateway);
      logBatch(gateway, run);
      runs.add(run);
    }
    calls(
        "`runs/get` of a run with 20 metrics",
        10,
        client -> () -> get(gateway, "/api/2.0/mlflow/runs/get?run_id=" + runs.get(client)),
        ping(gateway));
    calls(
        "`experiments/search`, 25 of 201",
        10,
        client -> () -> post(gateway, "experiments/search", "{\"max_results\":25}"),
        ping(gateway));
  }

  private void history(URI gateway, Connection bare) throws Exception {
    terminal.line("A history of 1 M points ...");
    var run = newRun(gateway);
    try (var insert =
        bare.prepareStatement(
            """
            insert into tracking.run_metrics (run_id, key, timestamp_ms, step, value)
            select ?, 'loss', 1700000000000 + i, i, 1.0 / (1 + i) from generate_series(1, ?) as i
            """)) {
      insert.setString(1, run);
      insert.setInt(2, HISTORY);
      insert.executeUpdate();
    }
    try (var statement = bare.createStatement()) {
      statement.execute("analyze tracking.run_metrics");
    }
    var query =
        "/api/2.0/mlflow/metrics/get-history?metric_key=loss&max_results="
            + HISTORY_PAGE
            + "&run_id="
            + run;
    var took = new Samples();
    var warm = System.nanoTime() + WARM_UP.toNanos();
    for (var measured = 0; measured < 2; ) {
      var counts = System.nanoTime() > warm;
      var token = "";
      var points = 0;
      do {
        var begun = System.nanoTime();
        var page =
            get(
                gateway,
                token.isEmpty()
                    ? query
                    : query + "&page_token=" + URLEncoder.encode(token, StandardCharsets.UTF_8));
        if (counts) {
          took.add(System.nanoTime() - begun);
        }
        points += page.path("metrics").size();
        token = page.path("next_page_token").asString("");
      } while (!token.isEmpty());
      if (points != HISTORY) {
        throw new CliFailure("The history has " + points + " points, not " + HISTORY);
      }
      measured += counts ? 1 : 0;
    }
    var bareTook = new Samples();
    for (int i = 0; i < 40; i++) {
      var begun = System.nanoTime();
      barePage(bare, run, 1_700_000_000_000L + (long) i * HISTORY_PAGE);
      bareTook.add(System.nanoTime() - begun);
    }
    add(
        "a page of 25 000 points in a history of 1 M, parsed by the client",
        took.describe(),
        "under 150 ms",
        took.percentileMillis(0.95) < 150,
        "the bare query over JDBC: " + bareTook.describe());
  }

  private static List<String> flags(Workspace workspace) {
    var flags = new ArrayList<>(JVM);
    flags.addFirst(workspace.mark());
    flags.add("-Xlog:gc:file=" + workspace.folder().resolve("gc-%p.log"));
    return flags;
  }

  private static ArtifactBenchmark artifactBenchmark(
      EmbeddedPlatform infrastructure, SeparateProcesses services, Wiring wiring) {
    return new ArtifactBenchmark(
        new ArtifactBenchmark.Server(
            wiring.address(Service.ARTIFACT), services.process(Service.ARTIFACT).toHandle()),
        new ArtifactBenchmark.Server(
            services.gateway(), services.process(Service.GATEWAY).toHandle()),
        URI.create(infrastructure.s3Endpoint()),
        infrastructure.s3AccessKey(),
        infrastructure.s3SecretKey(),
        "bench");
  }

  /** Files up and down, beside the MinIO client and the store alone. */
  private void artifacts(ArtifactBenchmark bench, Path home) throws Exception {
    var warmUp = COMPILED;
    for (var load :
        List.of(
            new ArtifactBenchmark.Load(32, 1L << 20),
            new ArtifactBenchmark.Load(1, 64L << 20),
            new ArtifactBenchmark.Load(1, 512L << 20))) {
      terminal.line(load + " up and down ...");
      var most = load.bytes() > 64L << 20;
      var results = bench.measure(load, warmUp, most ? 3 : 7, most ? 9 : 15);
      warmUp = WARM_UP;
      ratios("upload of " + load + " from a file", "uploadObject", results.upload());
      ratios("download of " + load + " into nothing", "getObject", results.read());
      ratios("download of " + load + " to a file", "downloadObject", results.download());
    }
    memory(bench, home);
  }

  private void ratios(String what, String direct, ArtifactBenchmark.Rates rates) {
    ratio(what + ", artifact-service", direct, rates.service());
    ratio(what + ", through the gateway", direct, rates.gateway());
  }

  private void ratio(String what, String direct, ArtifactBenchmark.Rate rate) {
    add(
        what,
        String.format(Locale.ROOT, "%.0f MB/s", rate.rate() / 1e6),
        "70 % of the MinIO client",
        rate.ratio() >= 0.7,
        String.format(
            Locale.ROOT,
            "%.0f %% of the MinIO client's `%s`, %.0f MB/s; %s",
            100 * rate.ratio(),
            direct,
            rate.direct() / 1e6,
            rate.cpu()));
  }

  /** What one file far above every heap costs in memory and disk. */
  private void large(ArtifactBenchmark bench, Path home) throws Exception {
    terminal.line("5 GiB through the gateway and back ...");
    var written = Memory.written(bench.gateway().process(), bench.service().process());
    var pass = bench.pass(5L << 30);
    add(
        "upload of 5 GiB through the gateway",
        "%.0f MB/s".formatted(pass.upload() / 1e6),
        "",
        null,
        "");
    add(
        "download of 5 GiB through the gateway",
        "%.0f MB/s".formatted(pass.download() / 1e6),
        "",
        null,
        "");
    var more = Memory.written(bench.gateway().process(), bench.service().process()) - written;
    add(
        "what gateway and artifact-service wrote to disk meanwhile",
        Memory.megabytes(more),
        "under 10 MB",
        more < 10_000_000,
        "");
    memory(bench, home);
  }

  private void memory(ArtifactBenchmark bench, Path home) throws Exception {
    for (var server : List.of(bench.service(), bench.gateway())) {
      var name = server == bench.gateway() ? "gateway" : "artifact-service";
      var heap = Memory.peakHeap(home.resolve("gc-" + server.process().pid() + ".log"));
      add(
          "peak heap of " + name + " after that, bounded to 256 MB",
          Memory.megabytes(heap),
          "under 256 MB",
          heap <= 256L << 20,
          "resident at the end: " + Memory.megabytes(Memory.resident(server.process())));
    }
  }

  private static void barePage(Connection bare, String run, long after) throws SQLException {
    try (var select =
        bare.prepareStatement(
            """
            select value, timestamp_ms, step from tracking.run_metrics
            where run_id = ? and key = 'loss' and timestamp_ms > ?
            order by timestamp_ms, step, value limit 25000
            """)) {
      select.setString(1, run);
      select.setLong(2, after);
      try (var rows = select.executeQuery()) {
        var sum = 0.0;
        while (rows.next()) {
          sum += rows.getDouble(1) + rows.getLong(2) + rows.getLong(3);
        }
        if (Double.isNaN(sum)) {
          throw new IllegalStateException("There are no such points.");
        }
      }
    }
  }

  /** Into the report, and shown at once: the whole takes minutes. */
  private void add(
      String what, String value, String goal, @Nullable Boolean reached, String baseline) {
    terminal.line("  " + what + ": " + value + (baseline.isEmpty() ? "" : "; " + baseline));
    report.add(what, value, goal, reached, baseline);
  }

  /**
   * A call of 16 clients, at a steady rate, which has the goal, and as fast as they are answered.
   *
   * @param millis the goal, of the 99th percentile
   * @param ping the same with a call that does nothing
   */
  private void calls(String what, int millis, Load.Step step, Pinged ping) throws Exception {
    var saturated = Load.saturated(step);
    var paced = Load.paced(step);
    add(
        "%s, 16 clients, each %d calls/s".formatted(what, Load.PACE),
        paced.describe(),
        "p99 under " + millis + " ms",
        paced.percentileMillis(0.99) < millis,
        "`GET /version`: " + ping.paced().describe());
    add(
        what + ", 16 clients that never pause",
        saturated.describe(),
        "",
        null,
        "`GET /version`: " + ping.saturated().describe());
  }

  /** What a call takes that only passes through. */
  private record Pinged(Load.Saturated saturated, Samples paced) {}

  /** Measured once, for all that are compared with it. */
  private Pinged ping(URI gateway) throws Exception {
    var known = pinged;
    if (known == null) {
      Load.Step version = client -> () -> get(gateway, "/version");
      known = new Pinged(Load.saturated(version), Load.paced(version));
      pinged = known;
    }
    return known;
  }

  /** Opens connections of a superuser to the services' database. */
  interface Database {
    Connection connect() throws SQLException;
  }

  private String newRun(URI gateway) throws IOException, InterruptedException {
    return post(gateway, "runs/create", "{\"experiment_id\":\"0\"}")
        .path("run")
        .path("info")
        .path("run_id")
        .asString();
  }

  private JsonNode post(URI gateway, String call, String body)
      throws IOException, InterruptedException {
    return send(
        HttpRequest.newBuilder(gateway.resolve("/api/2.0/mlflow/" + call))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(body))
            .build());
  }

  private JsonNode get(URI gateway, String path) throws IOException, InterruptedException {
    return send(HttpRequest.newBuilder(gateway.resolve(path)).GET().build());
  }

  private JsonNode send(HttpRequest request) throws IOException, InterruptedException {
    var response = http.send(request, BodyHandlers.ofString());
    if (response.statusCode() != 200) {
      throw new CliFailure(
          request.uri() + " answered " + response.statusCode() + ": " + response.body());
    }
    var body = response.body();
    return body.startsWith("{") ? JSON.readTree(body) : JSON.createObjectNode();
  }

  /** Numbers with as many digits as a loss has. */
  private static double value(long seed) {
    return (seed * 2654435761L % 1_000_000_007L) / 1e9;
  }
}
