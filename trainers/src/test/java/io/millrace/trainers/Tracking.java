package io.millrace.trainers;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A real HTTP server that stands where tracking-service stands, and answers as it is told. */
final class Tracking implements AutoCloseable {
  private final HttpServer server;
  private final List<JsonNode> batches = new ArrayList<>();
  private final List<String> paths = new ArrayList<>();
  private final List<String> attempts = new ArrayList<>();
  private final Deque<Integer> answers = new ArrayDeque<>();

  Tracking() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /** The next requests get these statuses, later ones 200. */
  synchronized void willAnswer(Integer... statuses) {
    answers.addAll(List.of(statuses));
  }

  synchronized List<JsonNode> batches() {
    return List.copyOf(batches);
  }

  synchronized List<String> paths() {
    return List.copyOf(paths);
  }

  synchronized List<String> attempts() {
    return List.copyOf(attempts);
  }

  /** All accepted metrics of that name, in the order of their arrival. */
  List<JsonNode> metrics(String key) {
    List<JsonNode> found = new ArrayList<>();
    batches()
        .forEach(
            b ->
                b.get("metrics")
                    .forEach(
                        m -> {
                          if (m.get("key").asString().equals(key)) {
                            found.add(m);
                          }
                        }));
    return found;
  }

  /** The value of an accepted param. */
  String param(String key) {
    for (JsonNode batch : batches()) {
      for (JsonNode param : batch.get("params")) {
        if (param.get("key").asString().equals(key)) {
          return param.get("value").asString();
        }
      }
    }
    throw new AssertionError("no param " + key + " in " + batches());
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    int status;
    synchronized (this) {
      status = answers.isEmpty() ? 200 : answers.poll();
      paths.add(exchange.getRequestURI().getPath());
      attempts.add(String.valueOf(exchange.getRequestHeaders().getFirst("Millrace-Attempt")));
      if (status == 200) {
        batches.add(JsonMapper.shared().readTree(body));
      }
    }
    byte[] answer =
        (status == 200 ? "{}" : "{\"error_code\":\"X\"}").getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, answer.length);
    exchange.getResponseBody().write(answer);
    exchange.close();
  }
}
