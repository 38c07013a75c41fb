package io.millrace.artifact;

import io.millrace.embedded.EmbeddedPlatform;
import io.millrace.embedded.FreshDatabase;
import io.millrace.embedded.SharedPlatform;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The service on the shared embedded platform, with a database of its own, and calls on it. */
public final class RunningService implements AutoCloseable {

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final ConfigurableApplicationContext context;

  private RunningService(ConfigurableApplicationContext context) {
    this.context = context;
  }

  public static RunningService start(Map<String, String> more) {
    List<String> arguments = new ArrayList<>();
    properties(EmbeddedPlatform.shared().freshDatabase(), more)
        .forEach((key, value) -> arguments.add("--" + key + "=" + value));
    return new RunningService(ArtifactService.application().run(arguments.toArray(String[]::new)));
  }

  /** The same, ready to store files, and with what nothing needs taken away at once. */
  public static RunningService startSweeping(Map<String, String> more) {
    Map<String, String> properties = new LinkedHashMap<>(more);
    properties.put("millrace.artifact.delete-after", "0s");
    properties.put("millrace.artifact.sweep-interval", "200ms");
    RunningService service = start(properties);
    Awaitility.await("bucket")
        .until(() -> service.get("/actuator/health/readiness").status() == 200);
    return service;
  }

  /** What the service needs to know of the embedded platform. */
  public static Map<String, String> properties(FreshDatabase database, Map<String, String> more) {
    SharedPlatform platform = EmbeddedPlatform.shared();
    URI jdbc = URI.create(database.jdbcUrl().substring("jdbc:".length()));
    Map<String, String> properties = new LinkedHashMap<>();
    properties.put("server.port", "0");
    properties.put("logging.level.root", "warn");
    properties.put("logging.level.io.millrace", "info");
    properties.put("millrace.kafka.bootstrap-servers", platform.kafkaBootstrap());
    properties.put("millrace.postgres.host", jdbc.getHost());
    properties.put("millrace.postgres.port", Integer.toString(jdbc.getPort()));
    properties.put("millrace.postgres.database", database.name());
    properties.put("millrace.postgres.user", database.user());
    properties.put("millrace.postgres.password", database.password());
    properties.put("millrace.s3.endpoint", platform.s3Endpoint());
    properties.put("millrace.s3.access-key", platform.s3AccessKey());
    properties.put("millrace.s3.secret-key", platform.s3SecretKey());
    properties.put("millrace.s3.bucket", database.name().replace('_', '-'));
    properties.putAll(more);
    return properties;
  }

  /** The bucket it keeps its files in. */
  public Bucket bucket() {
    return new Bucket(property("millrace.s3.bucket"));
  }

  public int port() {
    return ((WebServerApplicationContext) context).getWebServer().getPort();
  }

  public URI uri(String path) {
    return URI.create("http://127.0.0.1:" + port() + path);
  }

  public <T> T bean(Class<T> type) {
    return context.getBean(type);
  }

  /** A part of which there are several of its kind. */
  public <T> T bean(String name, Class<T> type) {
    return context.getBean(name, type);
  }

  public String property(String name) {
    return context.getEnvironment().getRequiredProperty(name);
  }

  /** An answer with its body as text. */
  public record Answer(HttpResponse<byte[]> response) {
    public int status() {
      return response.statusCode();
    }

    public String text() {
      return new String(response.body(), java.nio.charset.StandardCharsets.UTF_8);
    }

    public JsonNode json() {
      return JSON.readTree(response.body());
    }

    public String header(String name) {
      return response.headers().firstValue(name).orElse("");
    }
  }

  public Answer get(String path, String... headers) {
    return send(request(path, headers).GET());
  }

  public Answer head(String path) {
    return send(request(path).method("HEAD", HttpRequest.BodyPublishers.noBody()));
  }

  public Answer delete(String path) {
    return send(request(path).DELETE());
  }

  public Answer put(String path, byte[] body, String... headers) {
    return send(request(path, headers).PUT(HttpRequest.BodyPublishers.ofByteArray(body)));
  }

  public Answer post(String path, HttpRequest.BodyPublisher body, String... headers) {
    return send(request(path, headers).POST(body));
  }

  public Answer pushCsv(String dataset, String csv, String... headers) {
    List<String> all = new ArrayList<>(List.of("Content-Type", "text/csv"));
    all.addAll(List.of(headers));
    return post(
        "/api/v1/datasets/" + dataset + "/versions",
        HttpRequest.BodyPublishers.ofString(csv),
        all.toArray(String[]::new));
  }

  private HttpRequest.Builder request(String path, String... headers) {
    HttpRequest.Builder request = HttpRequest.newBuilder(uri(path));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return request;
  }

  public static Answer send(HttpRequest.Builder request) {
    try {
      return new Answer(HTTP.send(request.build(), HttpResponse.BodyHandlers.ofByteArray()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
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
