package io.millrace.artifacts;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An HTTP server with the paths, validators and ranges of artifact-service, over a map in memory. A
 * fault that is queued spoils the next answer.
 */
final class ArtifactServer implements AutoCloseable {

  private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-");

  private final HttpServer server;
  private final Map<String, byte[]> contents = new ConcurrentHashMap<>();
  private final Queue<Fault> faults = new ArrayDeque<>();
  private final CountDownLatch closed = new CountDownLatch(1);
  final List<String> calls = new CopyOnWriteArrayList<>();
  final List<String> ranges = new CopyOnWriteArrayList<>();
  final List<Map<String, List<String>>> headers = new CopyOnWriteArrayList<>();
  volatile boolean hasRanges = true;

  /** What goes wrong with one answer. */
  sealed interface Fault {
    /** Another status, with a problem document. */
    record Status(int status, String body) implements Fault {}

    /** The connection closes after so many bytes of the body. */
    record Cut(int after) implements Fault {}

    /** Nothing comes after so many bytes of the body. */
    record Stall(int after) implements Fault {}
  }

  ArtifactServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::answer);
    server.start();
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  ArtifactSettings settings(Duration timeout, Duration patience) {
    return new ArtifactSettings(
        uri(),
        Duration.ofSeconds(2),
        timeout,
        patience,
        new ArtifactSettings.Cache(null, org.springframework.util.unit.DataSize.ofGigabytes(1)));
  }

  /** Stores content and returns its SHA-256. */
  String put(ArtifactUri uri, byte[] content) {
    contents.put(uri.resource(), content);
    return Sha256.of(content);
  }

  byte[] get(ArtifactUri uri) {
    return contents.get(uri.resource());
  }

  void fail(Fault... next) {
    synchronized (faults) {
      faults.addAll(List.of(next));
    }
  }

  private Fault fault() {
    synchronized (faults) {
      return faults.poll();
    }
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getRawPath();
      calls.add(exchange.getRequestMethod() + " " + path);
      headers.add(Map.copyOf(exchange.getRequestHeaders()));
      byte[] body = exchange.getRequestBody().readAllBytes();
      Fault fault = fault();
      if (fault instanceof Fault.Status(int status, String problem)) {
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, problem.isEmpty() ? -1 : problem.length());
        exchange.getResponseBody().write(problem.getBytes());
      } else if (exchange.getRequestMethod().equals("PUT")) {
        contents.put(path, body);
        exchange.sendResponseHeaders(200, -1);
      } else if (!contents.containsKey(path)) {
        String problem = "{\"code\":\"not-here\",\"detail\":\"there is no " + path + "\"}";
        exchange.sendResponseHeaders(404, problem.length());
        exchange.getResponseBody().write(problem.getBytes());
      } else {
        send(exchange, contents.get(path), fault);
      }
    }
  }

  private void send(HttpExchange exchange, byte[] whole, Fault fault) throws IOException {
    int first = first(exchange, whole);
    byte[] part = Arrays.copyOfRange(whole, first, whole.length);
    if (first > 0) {
      exchange
          .getResponseHeaders()
          .set("Content-Range", "bytes %d-%d/%d".formatted(first, whole.length - 1, whole.length));
    }
    exchange.sendResponseHeaders(first > 0 ? 206 : 200, part.length == 0 ? -1 : part.length);
    switch (fault) {
      case Fault.Cut(int after) -> {
        exchange.getResponseBody().write(part, 0, after);
        exchange.getResponseBody().flush();
      }
      case Fault.Stall(int after) -> {
        exchange.getResponseBody().write(part, 0, after);
        exchange.getResponseBody().flush();
        awaitClose();
      }
      case null, default -> exchange.getResponseBody().write(part);
    }
  }

  private void awaitClose() {
    try {
      closed.await(60, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private int first(HttpExchange exchange, byte[] whole) {
    String range = exchange.getRequestHeaders().getFirst("Range");
    if (range == null) {
      return 0;
    }
    ranges.add(range);
    Matcher from = RANGE.matcher(range);
    String validator = exchange.getRequestHeaders().getFirst("If-Range");
    boolean same = validator == null || validator.equals('"' + Sha256.of(whole) + '"');
    return hasRanges && same && from.matches() ? Integer.parseInt(from.group(1)) : 0;
  }

  @Override
  public void close() {
    closed.countDown();
    server.stop(0);
  }
}
