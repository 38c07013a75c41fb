package io.millrace.artifact.artifacts;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** What tracking-service answers about one run, one logged model and two model versions. */
final class TrackingStandIn implements AutoCloseable {

  private static final String NOT_FOUND =
      "{\"error_code\":\"RESOURCE_DOES_NOT_EXIST\",\"message\":\"not found\"}";

  private final HttpServer server;

  TrackingStandIn() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/api/2.0/mlflow/",
        exchange -> {
          String asked =
              exchange.getRequestURI().getPath().substring("/api/2.0/mlflow/".length())
                  + (exchange.getRequestURI().getQuery() == null
                      ? ""
                      : "?" + exchange.getRequestURI().getQuery());
          String body =
              switch (asked) {
                case "runs/get?run_id=run1" ->
                    "{\"run\":{\"info\":{\"artifact_uri\":\"mlflow-artifacts:/7/run1/artifacts\"}}}";
                case "runs/get?run_id=elsewhere" ->
                    "{\"run\":{\"info\":{\"artifact_uri\":\"s3://other/7\"}}}";
                case "logged-models/m-1" ->
                    "{\"model\":{\"info\":{\"artifact_uri\":\"mlflow-artifacts:/7/models/m-1/artifacts\"}}}";
                case "model-versions/get-download-uri?name=a b&version=1" ->
                    "{\"artifact_uri\":\"mlflow-artifacts:/7/models/m-1/artifacts\"}";
                case "model-versions/get-download-uri?name=a b&version=2" ->
                    "{\"artifact_uri\":\"runs:/run1/model\"}";
                default -> NOT_FOUND;
              };
          byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(body.equals(NOT_FOUND) ? 404 : 200, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
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
