package io.millrace.monitoring.windows;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Stands in for the artifact service: serves a folder at the path of its artifact proxy. */
final class PackageServer implements AutoCloseable {

  private static final String PREFIX = "/api/2.0/mlflow-artifacts/artifacts/";

  final Set<String> fetched = ConcurrentHashMap.newKeySet();
  private final HttpServer server;

  PackageServer(Path root) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        PREFIX,
        exchange -> {
          try (exchange) {
            String path = exchange.getRequestURI().getPath().substring(PREFIX.length());
            Path file = root.resolve(path);
            if (Files.isRegularFile(file)) {
              fetched.add(file.getFileName().toString());
              byte[] bytes = Files.readAllBytes(file);
              exchange.sendResponseHeaders(200, bytes.length);
              exchange.getResponseBody().write(bytes);
            } else {
              exchange.sendResponseHeaders(404, -1);
            }
          }
        });
    server.start();
  }

  String uri() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
