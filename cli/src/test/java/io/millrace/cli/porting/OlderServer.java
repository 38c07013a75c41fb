package io.millrace.cli.porting;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.function.Function;

/**
 * Stands in for an MLflow server of the 2.x line, with the answers that such servers give: whole
 * histories at once however many points are asked for, stages but no logged models, artifacts in a
 * store of its own behind `/get-artifact`, lists left out where they are empty.
 */
final class OlderServer implements AutoCloseable {

  private final HttpServer server;
  private final Map<String, Function<Map<String, String>, String>> gets = new LinkedHashMap<>();
  private final Map<String, Function<String, String>> posts = new LinkedHashMap<>();
  final Map<String, byte[]> artifacts = new LinkedHashMap<>();
  final List<String> calls = new CopyOnWriteArrayList<>();
  final List<Fault> faults = new CopyOnWriteArrayList<>();
  private final List<String> hostile = new CopyOnWriteArrayList<>();
  volatile Optional<String> authorization = Optional.empty();
  volatile int points = 3;

  /** An answer that is given instead of the usual one, once. */
  record Fault(String path, int status, String retryAfter) {}

  OlderServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::answer);
    artifacts.put("model/MLmodel", "flavors: {}\n".getBytes(StandardCharsets.UTF_8));
    artifacts.put("model/data/weights.bin", new byte[300_000]);
    artifacts.put("note with ä.txt", new byte[0]);
    posts.put("/api/2.0/mlflow/experiments/search", this::experiments);
    posts.put("/api/2.0/mlflow/runs/search", this::runs);
    gets.put(
        "/api/2.0/mlflow/experiments/get", query -> "{\"experiment\":" + experiment("1") + "}");
    gets.put("/api/2.0/mlflow/runs/get", query -> "{\"run\":" + run(query.get("run_id")) + "}");
    gets.put("/api/2.0/mlflow/metrics/get-history", query -> history(query.get("metric_key")));
    gets.put("/api/2.0/mlflow/artifacts/list", query -> list(query.getOrDefault("path", "")));
    gets.put(
        "/api/2.0/mlflow/registered-models/search",
        query ->
            query.containsKey("filter")
                ? "{}"
                : """
                {"registered_models":[{"name":"iris","creation_timestamp":5,
                  "last_updated_timestamp":6,"description":"flowers",
                  "tags":[{"key":"team","value":"a"}]}]}
                """);
    gets.put(
        "/api/2.0/mlflow/model-versions/search",
        query ->
            """
            {"model_versions":[
              {"name":"iris","version":"4","current_stage":"Production","source":"s3://b/2/model",
               "run_id":"aaaa0000000000000000000000000002","status":"READY","creation_timestamp":9},
              {"name":"iris","version":"2","current_stage":"Archived","source":"s3://b/1/model",
               "run_id":"aaaa0000000000000000000000000001","status":"READY","creation_timestamp":8,
               "description":"first"}]}
            """);
    server.start();
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  private String experiments(String body) {
    return body.contains("page_token")
        ? "{\"experiments\":[" + experiment("1") + "]}"
        : "{\"experiments\":[" + experiment("0") + "],\"next_page_token\":\"more\"}";
  }

  private static String experiment(String id) {
    return """
        {"experiment_id":"%s","name":"%s","artifact_location":"s3://b/%s",
         "lifecycle_stage":"active"}
        """
        .formatted(id, id.equals("0") ? "Default" : "iris", id);
  }

  private String runs(String body) {
    if (body.contains("\"0\"")) {
      return "{}";
    }
    return body.contains("page_token")
        ? "{\"runs\":[" + run("aaaa0000000000000000000000000001") + "]}"
        : "{\"runs\":["
            + run("aaaa0000000000000000000000000002")
            + "],\"next_page_token\":\"more\"}";
  }

  /** Both ids, numbers as text, no inputs: as older servers answer. */
  private static String run(String id) {
    var number = id.substring(31);
    return """
        {"info":{"run_uuid":"%s","experiment_id":"1","user_id":"ada","status":"FINISHED",
          "start_time":"%s000","end_time":2000,"artifact_uri":"s3://b/%s/artifacts",
          "lifecycle_stage":"%s"},
         "data":{"metrics":[{"key":"loss","value":0.5,"timestamp":3,"step":3},
                            {"key":"odd","value":"NaN","timestamp":1,"step":0}],
           "params":[{"key":"lr","value":"0.1"}],
           "tags":[{"key":"mlflow.runName","value":"run %s"}]}}
        """
        .formatted(id, number, number, number.equals("1") ? "deleted" : "active", number);
  }

  private String history(String key) {
    List<String> all = new ArrayList<>();
    for (int i = 1; i <= points; i++) {
      all.add(
          key.equals("odd")
              ? "{\"key\":\"odd\",\"value\":\"NaN\",\"timestamp\":" + i + ",\"step\":0}"
              : "{\"key\":\"loss\",\"value\":%s,\"timestamp\":%d,\"step\":\"%d\"}"
                  .formatted(1.0 / i, i, i));
    }
    return "{\"metrics\":[" + String.join(",", all) + "]}";
  }

  /** A hostile server names a path that climbs. */
  void names(String path) {
    hostile.add("{\"path\":\"%s\",\"is_dir\":false,\"file_size\":1}".formatted(path));
  }

  private String list(String folder) {
    var entries = new LinkedHashMap<String, String>();
    var prefix = folder.isEmpty() ? "" : folder + "/";
    artifacts.forEach(
        (path, bytes) -> {
          if (path.startsWith(prefix)) {
            var slash = path.indexOf('/', prefix.length());
            var entry = slash < 0 ? path : path.substring(0, slash);
            entries.put(
                entry,
                slash < 0
                    ? "{\"path\":\"%s\",\"is_dir\":false,\"file_size\":\"%d\"}"
                        .formatted(entry, bytes.length)
                    : "{\"path\":\"%s\",\"is_dir\":true}".formatted(entry));
          }
        });
    if (folder.isEmpty()) {
      hostile.forEach(entry -> entries.put(entry, entry));
    }
    return "{\"root_uri\":\"s3://b\",\"files\":[" + String.join(",", entries.values()) + "]}";
  }

  private void answer(HttpExchange exchange) throws IOException {
    var path = exchange.getRequestURI().getPath();
    var body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    var query = query(exchange.getRequestURI().getRawQuery());
    calls.add(exchange.getRequestMethod() + " " + path + " " + query);
    for (var fault : faults) {
      if (path.startsWith(fault.path()) && faults.remove(fault)) {
        if (!fault.retryAfter().isEmpty()) {
          exchange.getResponseHeaders().add("Retry-After", fault.retryAfter());
        }
        send(
            exchange, fault.status(), "{\"message\":\"not now\"}".getBytes(StandardCharsets.UTF_8));
        return;
      }
    }
    var given = exchange.getRequestHeaders().getFirst("Authorization");
    if (authorization.isPresent() && !authorization.get().equals(given)) {
      send(exchange, 401, "You are not authenticated.".getBytes(StandardCharsets.UTF_8));
    } else if (path.equals("/get-artifact") && artifacts.containsKey(query.get("path"))) {
      send(exchange, 200, artifacts.get(query.get("path")));
    } else {
      var get = gets.get(path);
      var post = posts.get(path);
      if (exchange.getRequestMethod().equals("GET") && get != null) {
        send(exchange, 200, get.apply(query).getBytes(StandardCharsets.UTF_8));
      } else if (exchange.getRequestMethod().equals("POST") && post != null) {
        send(exchange, 200, post.apply(body).getBytes(StandardCharsets.UTF_8));
      } else {
        send(exchange, 404, "<html>Not Found</html>".getBytes(StandardCharsets.UTF_8));
      }
    }
  }

  private static Map<String, String> query(String raw) {
    Map<String, String> query = new LinkedHashMap<>();
    for (var pair : raw == null ? new String[0] : raw.split("&")) {
      var equals = pair.indexOf('=');
      query.put(
          pair.substring(0, equals),
          URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.UTF_8));
    }
    return query;
  }

  private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    try (exchange) {
      exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
      if (body.length > 0) {
        exchange.getResponseBody().write(body);
      }
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
