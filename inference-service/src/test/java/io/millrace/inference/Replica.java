package io.millrace.inference;

import io.millrace.embedded.EmbeddedPlatform;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.http.client.ReactorResourceFactory;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The running service, seen through HTTP. */
final class Replica implements AutoCloseable {

  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  final ConfigurableApplicationContext context;
  private final String address;

  private Replica(ConfigurableApplicationContext context) {
    this.context = context;
    this.address =
        "http://127.0.0.1:" + ((WebServerApplicationContext) context).getWebServer().getPort();
  }

  static Replica start(Path home, String artifacts, String environments, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--server.port=0",
                "--millrace.kafka.bootstrap-servers=" + EmbeddedPlatform.shared().kafkaBootstrap(),
                "--millrace.artifact.uri=" + artifacts,
                "--millrace.inference.environments=" + environments,
                "--millrace.artifact.cache.directory=" + home.resolve("models"),
                "--millrace.inference.spool-dir=" + home.resolve("spool")));
    arguments.addAll(List.of(more));
    return new Replica(
        InferenceService.application()
            .initializers(Replica::ownNetworkThreads)
            .run(arguments.toArray(String[]::new)));
  }

  /** Without this the end of one context closes the web servers of all contexts of the JVM. */
  private static void ownNetworkThreads(ConfigurableApplicationContext context) {
    ReactorResourceFactory resources = new ReactorResourceFactory();
    resources.setUseGlobalResources(false);
    resources.afterPropertiesSet();
    context.getBeanFactory().registerSingleton("reactorResourceFactory", resources);
  }

  HttpResponse<String> get(String path) {
    return send(HttpRequest.newBuilder(URI.create(address + path)).GET());
  }

  HttpResponse<String> post(String path, String body, String... headers) {
    return send(request(path, body, headers));
  }

  HttpRequest.Builder request(String path, String body, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(address + path))
            .POST(HttpRequest.BodyPublishers.ofString(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return request;
  }

  JsonNode getJson(String path) {
    return json(get(path));
  }

  static JsonNode json(HttpResponse<String> response) {
    return JsonMapper.shared().readTree(response.body());
  }

  static HttpResponse<String> send(HttpRequest.Builder request) {
    try {
      return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    context.close();
  }
}
