package io.millrace.console;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A gateway that serves the built console and answers from files: {@code /api/v1/flows/x} from
 * {@code canned/flows-x.json}. Times in them such as {@code "@-12.5"} are seconds from now.
 */
final class CannedGateway implements AutoCloseable {
  /** The policy of the real gateway. */
  static final String POLICY =
      "default-src 'self'; img-src 'self' data:; style-src 'self'; frame-ancestors 'none'; base-uri 'none'";

  private static final Map<String, String> TYPES =
      Map.of(
          "html", "text/html; charset=utf-8",
          "js", "text/javascript; charset=utf-8",
          "css", "text/css; charset=utf-8",
          "svg", "image/svg+xml");
  private static final Pattern METRIC = Pattern.compile("metric_key=([a-z_.]+)");
  private static final Pattern TIME = Pattern.compile("\"@(-?[0-9.]+)\"");

  private final HttpServer server;
  private final Map<String, String> answers = new ConcurrentHashMap<>();
  private final List<HttpExchange> streams = new CopyOnWriteArrayList<>();
  private final List<String> streamQueries = new CopyOnWriteArrayList<>();
  private final Queue<String> posts = new ConcurrentLinkedQueue<>();
  private volatile boolean streaming = true;

  CannedGateway(int port) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::file);
    server.createContext("/api/v1/", this::answer);
    server.createContext("/api/v1/events", this::stream);
    server.createContext("/api/2.0/mlflow/metrics/get-history", this::history);
    server.start();
  }

  URI address() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
  }

  /** From now on the path is answered with this status and JSON instead of its file. */
  void answer(String path, int status, String json) {
    answers.put(path, status + json);
  }

  /** Bodies that were posted, each behind its path. */
  List<String> posts() {
    return List.copyOf(posts);
  }

  /** Query strings of the stream's connections so far. */
  List<String> streamQueries() {
    return List.copyOf(streamQueries);
  }

  int openStreams() {
    return streams.size();
  }

  /** Sends an event to every open stream. */
  void publish(long seq, String type, String json) throws IOException {
    for (HttpExchange stream : streams) {
      write(stream, "id: %d\nevent: %s\ndata: %s\n\n".formatted(seq, type, moments(json)));
    }
  }

  /** Ends all streams, and refuses new ones until {@link #resumeStreams()}. */
  void breakStreams() {
    streaming = false;
    streams.forEach(HttpExchange::close);
    streams.clear();
  }

  void resumeStreams() {
    streaming = true;
  }

  @Override
  public void close() {
    breakStreams();
    server.stop(0);
  }

  private void file(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    String name = path.equals("/") ? "index.html" : path.substring(1);
    byte[] bytes = resource("console/" + name);
    if (bytes == null) {
      respond(exchange, 404, "text/plain", new byte[0]);
      return;
    }
    exchange.getResponseHeaders().set("Content-Security-Policy", POLICY);
    String type = TYPES.get(name.substring(name.lastIndexOf('.') + 1));
    respond(exchange, 200, type == null ? "application/octet-stream" : type, bytes);
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
    if (exchange.getRequestMethod().equals("POST")) {
      posts.add(path + " " + body);
    }
    String given = answers.get(path);
    if (given != null) {
      int status = Integer.parseInt(given.substring(0, 3));
      respond(exchange, status, "application/json", moments(given.substring(3)).getBytes(UTF_8));
      return;
    }
    byte[] canned =
        resource("canned/" + path.substring("/api/v1/".length()).replace('/', '-') + ".json");
    if (canned == null && (path.endsWith("/windows") || path.endsWith("/history"))) {
      respond(exchange, 200, "application/json", "{\"items\":[]}".getBytes(UTF_8));
      return;
    }
    if (canned == null) {
      respond(
          exchange, 404, "application/problem+json", "{\"code\":\"not-found\"}".getBytes(UTF_8));
      return;
    }
    respond(exchange, 200, "application/json", moments(new String(canned, UTF_8)).getBytes(UTF_8));
  }

  /** The history of a metric of any run. */
  private void history(HttpExchange exchange) throws IOException {
    Matcher key = METRIC.matcher(exchange.getRequestURI().getQuery());
    byte[] canned = key.find() ? resource("canned/metric-" + key.group(1) + ".json") : null;
    respond(
        exchange,
        200,
        "application/json",
        canned == null ? "{\"metrics\":[]}".getBytes(UTF_8) : canned);
  }

  private void stream(HttpExchange exchange) throws IOException {
    String resumed = exchange.getRequestHeaders().getFirst("Last-Event-ID");
    streamQueries.add(resumed == null ? "" + exchange.getRequestURI().getQuery() : "id=" + resumed);
    if (!streaming) {
      respond(exchange, 503, "application/problem+json", "{}".getBytes(UTF_8));
      return;
    }
    exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
    exchange.sendResponseHeaders(200, 0);
    write(exchange, ": hello\n\n");
    streams.add(exchange);
  }

  private static void write(HttpExchange exchange, String text) throws IOException {
    OutputStream out = exchange.getResponseBody();
    synchronized (exchange) {
      out.write(text.getBytes(UTF_8));
      out.flush();
    }
  }

  private static void respond(HttpExchange exchange, int status, String type, byte[] body)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  private static String moments(String json) {
    Instant now = Instant.now();
    return TIME.matcher(json)
        .replaceAll(
            time ->
                '"'
                    + now.plusMillis((long) (Double.parseDouble(time.group(1)) * 1000)).toString()
                    + '"');
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = CannedGateway.class.getClassLoader().getResourceAsStream(name)) {
      return in == null ? null : in.readAllBytes();
    }
  }

  /** Serves the console for looking at it: the port is the only argument. */
  public static void main(String[] arguments) throws Exception {
    CannedGateway gateway = new CannedGateway(Integer.parseInt(arguments[0]));
    System.out.println(gateway.address());
    Thread.sleep(Long.MAX_VALUE);
  }
}
