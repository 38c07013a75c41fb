package io.millrace.training;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Stands in for tracking-service, artifact-service and the gateway: it answers a worker's calls as
 * they are documented, with leases that run out, and keeps what it was told. The real ones meet the
 * worker in the tests of the whole platform.
 */
public final class StandIn implements AutoCloseable {

  public static final Duration LEASE = Duration.ofSeconds(3);
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final HttpServer server;
  private final Map<String, Run> runs = new ConcurrentHashMap<>();
  private final Map<String, byte[]> files = new ConcurrentHashMap<>();
  private final Map<String, byte[]> datasets = new ConcurrentHashMap<>();
  private final List<String> calls = new CopyOnWriteArrayList<>();
  private volatile boolean down;
  private volatile boolean metricsDown;
  private volatile boolean releases;
  private volatile Consumer<String> released = runId -> {};

  /** What a run has come to. */
  public static final class Run {
    private int attempt;
    private String worker = "";
    private Instant until = Instant.MIN;
    private String end = "";
    private boolean cancelled;
    private int starts;
    private int released;
    private final List<JsonNode> checks = new ArrayList<>();
    private final List<JsonNode> metrics = new ArrayList<>();
    private JsonNode report = JSON.createObjectNode();

    public synchronized int attempt() {
      return attempt;
    }

    public synchronized int starts() {
      return starts;
    }

    public synchronized int released() {
      return released;
    }

    public synchronized String worker() {
      return worker;
    }

    /** Empty, {@code complete} or {@code fail}. */
    public synchronized String end() {
      return end;
    }

    public synchronized JsonNode report() {
      return report;
    }

    public synchronized List<JsonNode> checks() {
      return List.copyOf(checks);
    }

    public synchronized List<JsonNode> metrics() {
      return List.copyOf(metrics);
    }

    public synchronized void cancel() {
      cancelled = true;
    }

    /** Gives the run to somebody else. */
    public synchronized void take() {
      attempt++;
      worker = "somebody";
      until = Instant.now().plus(LEASE);
    }
  }

  public StandIn() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/api/v1/runs/", exchange -> answer(exchange, this::run));
    server.createContext("/api/v1/datasets/", exchange -> answer(exchange, this::dataset));
    server.createContext(
        "/api/2.0/mlflow-artifacts/artifacts/", exchange -> answer(exchange, this::artifact));
    server.createContext(
        "/api/2.0/mlflow/runs/log-batch", exchange -> answer(exchange, this::metrics));
    server.start();
  }

  public String uri() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  public Run run(String id) {
    return runs.computeIfAbsent(id, unused -> new Run());
  }

  public Map<String, byte[]> files() {
    return files;
  }

  /** Method and path of every call in order. */
  public List<String> calls() {
    return List.copyOf(calls);
  }

  public void down(boolean state) {
    down = state;
  }

  /** Takes released runs back from now on, and queues them as given. */
  public void releasing(Consumer<String> queue) {
    released = queue;
    releases = true;
  }

  public void metricsDown(boolean state) {
    metricsDown = state;
  }

  /** Stores version 1 of a dataset and returns its SHA-256. */
  public String dataset(String name, String csv) {
    byte[] bytes = csv.getBytes(StandardCharsets.UTF_8);
    datasets.put("/api/v1/datasets/" + name + "/versions/1/content", bytes);
    return sha256(bytes);
  }

  public static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private record Answer(int status, byte[] body) {
    static Answer json(int status, Map<String, Object> body) {
      return new Answer(status, JSON.writeValueAsBytes(body));
    }

    static Answer problem(int status, String code) {
      return json(status, Map.of("status", status, "code", code, "detail", code + " by stand-in"));
    }
  }

  @FunctionalInterface
  private interface Endpoint {
    Answer on(HttpExchange exchange, String path, byte[] body);
  }

  private void answer(HttpExchange exchange, Endpoint endpoint) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      byte[] body = exchange.getRequestBody().readAllBytes();
      Answer answer;
      if (down) {
        answer = Answer.problem(503, "down");
      } else {
        calls.add(exchange.getRequestMethod() + " " + path);
        answer = endpoint.on(exchange, path, body);
      }
      exchange.sendResponseHeaders(
          answer.status(), answer.body().length == 0 ? -1 : answer.body().length);
      exchange.getResponseBody().write(answer.body());
    }
  }

  private Answer run(HttpExchange exchange, String path, byte[] body) {
    String[] parts = path.substring("/api/v1/runs/".length()).split("/");
    Run run = runs.get(parts[0]);
    if (run == null) {
      return Answer.problem(404, "run-not-found");
    }
    JsonNode said = JSON.readTree(body);
    synchronized (run) {
      if (parts[1].equals("start")) {
        return start(run, said.path("worker").asString());
      }
      if (said.path("attempt").asInt() != run.attempt || !run.end.isEmpty()) {
        return Answer.problem(409, "fenced");
      }
      switch (parts[1]) {
        case "heartbeat" -> {
          run.until = Instant.now().plus(LEASE);
          return Answer.json(200, Map.of("cancelRequested", run.cancelled));
        }
        case "release" -> {
          if (!releases) {
            return Answer.problem(404, "no-such-call");
          }
          // Fences the attempt off like the real one, whose attempt is no longer a running one.
          run.until = Instant.MIN;
          run.worker = "";
          run.released++;
          released.accept(parts[0]);
        }
        case "data-checks" -> run.checks.add(said);
        case "complete", "fail" -> {
          run.end = parts[1];
          run.report = said;
        }
        default -> throw new IllegalArgumentException(path);
      }
      return Answer.json(200, Map.of());
    }
  }

  private static Answer start(Run run, String worker) {
    run.starts++;
    if (!run.end.isEmpty()) {
      return Answer.problem(409, "run-finished");
    }
    if (Instant.now().isBefore(run.until) && !run.worker.equals(worker)) {
      return Answer.problem(409, "run-leased");
    }
    run.attempt++;
    run.worker = worker;
    run.until = Instant.now().plus(LEASE);
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("attempt", run.attempt);
    answer.put("leaseSeconds", LEASE.toSeconds());
    return Answer.json(200, answer);
  }

  private Answer dataset(HttpExchange exchange, String path, byte[] body) {
    byte[] content = datasets.get(path);
    return content == null ? Answer.problem(404, "dataset-not-found") : new Answer(200, content);
  }

  private Answer artifact(HttpExchange exchange, String path, byte[] body) {
    if (!sha256(body).equals(exchange.getRequestHeaders().getFirst("Millrace-Sha256"))) {
      return Answer.problem(400, "digest");
    }
    files.put(path.substring("/api/2.0/mlflow-artifacts/artifacts/".length()), body);
    return Answer.json(200, Map.of());
  }

  private Answer metrics(HttpExchange exchange, String path, byte[] body) {
    if (metricsDown) {
      return Answer.problem(503, "down");
    }
    JsonNode batch = JSON.readTree(body);
    Run run = run(batch.path("run_id").asString());
    synchronized (run) {
      run.metrics.add(batch);
    }
    return Answer.json(200, Map.of());
  }
}
