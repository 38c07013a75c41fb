package io.millrace.evaluation;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Stands in for the artifact service: the same paths over a map in memory, on the JDK's HTTP
 * server. The worker's own side, its HTTP client, is the real one.
 */
public final class StoredArtifacts implements AutoCloseable {
  private static final String PROXY = "/api/2.0/mlflow-artifacts/artifacts/";

  private final HttpServer server;
  private final Map<String, byte[]> files = new ConcurrentHashMap<>();
  private final List<String> reads = new CopyOnWriteArrayList<>();
  private final AtomicInteger refusals = new AtomicInteger();

  public StoredArtifacts() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::answer);
    server.start();
  }

  public URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /** Stores a file below an {@code mlflow-artifacts:/} address. */
  public void put(String uri, byte[] content) {
    files.put(PROXY + uri.substring("mlflow-artifacts:/".length()), content);
  }

  /** A file below an {@code mlflow-artifacts:/} address; null where there is none. */
  public byte[] get(String uri) {
    return files.get(PROXY + uri.substring("mlflow-artifacts:/".length()));
  }

  /** Stores a dataset version. */
  public void putDataset(String name, int version, byte[] content) {
    files.put("/api/v1/datasets/" + name + "/versions/" + version + "/content", content);
  }

  /** Answers the next requests with 503. */
  public void refuse(int requests) {
    refusals.set(requests);
  }

  /** The paths read so far. */
  public List<String> reads() {
    return reads;
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      byte[] body = exchange.getRequestBody().readAllBytes();
      if (refusals.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
        exchange.sendResponseHeaders(503, -1);
        return;
      }
      if (exchange.getRequestMethod().equals("PUT")) {
        files.put(path, body);
        exchange.sendResponseHeaders(200, -1);
        return;
      }
      reads.add(path);
      byte[] content = files.get(path);
      if (content == null) {
        exchange.sendResponseHeaders(404, -1);
        return;
      }
      exchange.sendResponseHeaders(200, content.length == 0 ? -1 : content.length);
      exchange.getResponseBody().write(content);
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
