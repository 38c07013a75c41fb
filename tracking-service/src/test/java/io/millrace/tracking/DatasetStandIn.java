package io.millrace.tracking;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;

/**
 * Stands in for artifact-service in the tests of this module: one dataset, {@code iris}, in
 * versions 1 and 2, answered as artifact-service does. Can be taken away and brought back.
 */
public final class DatasetStandIn implements AutoCloseable {

  private final HttpServer server;
  private volatile boolean available = true;

  DatasetStandIn() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/api/v1/datasets", this::answer);
    server.start();
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /** Whether it answers. */
  public void available(boolean is) {
    available = is;
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    if (!available) {
      send(exchange, 503, "{\"code\":\"storage-unavailable\"}");
    } else if (path.equals("/api/v1/datasets")) {
      send(exchange, 200, "{\"items\":[{\"name\":\"iris\",\"latestVersion\":2}]}");
    } else if (path.matches("/api/v1/datasets/iris/versions/(1|2|latest)")) {
      send(exchange, 200, iris(path.endsWith("1") ? 1 : 2));
    } else if (path.startsWith("/api/v1/datasets/iris/")) {
      send(exchange, 404, "{\"code\":\"version-not-found\",\"detail\":\"the latest is 2\"}");
    } else {
      send(exchange, 404, "{\"code\":\"dataset-not-found\",\"detail\":\"none\"}");
    }
  }

  private static String iris(int version) {
    return """
        {"name":"iris","version":%d,"digest":"%s","sha256":"%s","size":4551,"totalSize":4551,"files":1,"rows":150,"columns":3,
         "schema":{"columns":[
           {"name":"sepal_length","kind":"NUMERIC","nullable":false,"distinct":35,"categories":[]},
           {"name":"petal_length","kind":"NUMERIC","nullable":false,"distinct":43,"categories":[]},
           {"name":"species","kind":"CATEGORICAL","nullable":false,"distinct":3,
            "categories":["setosa","versicolor","virginica"]}]},
         "mediaType":"text/csv","createdBy":"alice","createdAt":"2026-11-21T00:00:00Z",
         "uri":"dataset:/iris/%d"}
        """
        .formatted(version, "d".repeat(63) + version, "c".repeat(63) + version, version);
  }

  private static void send(HttpExchange exchange, int status, String json) throws IOException {
    byte[] body = json.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "application/json");
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
