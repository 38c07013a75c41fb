package io.millrace.artifacts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.millrace.artifacts.ArtifactServer.Fault.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.web.client.RestClientException;

class DatasetApiTest {

  private static final String VERSION =
      """
      {"name":"iris","version":2,"digest":"d","sha256":"c","size":4551,"totalSize":4551,"files":1,
       "rows":150,"columns":3,"schema":{"columns":[]},"mediaType":"text/csv","createdBy":"alice",
       "createdAt":"2026-11-21T00:00:00Z","uri":"dataset:/iris/2"}
      """;

  private ArtifactServer server;
  private DatasetApi datasets;

  @BeforeEach
  void start() throws IOException {
    server = new ArtifactServer();
    datasets =
        DatasetApi.of(
            server.settings(Duration.ofSeconds(2), Duration.ZERO),
            List.of(
                (request, body, execution) -> {
                  request.getHeaders().set("traceparent", "00-1-2-01");
                  return execution.execute(request, body);
                }));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void readsAVersion() {
    server.fail(new Status(200, VERSION));
    DatasetApi.Version iris = datasets.version("iris", "latest");
    assertThat(iris.sha256()).isEqualTo("c");
    assertThat(iris.rows()).isEqualTo(150);
    assertThat(iris.schema()).hasToString("{\"columns\":[]}");
    assertThat(server.calls).containsExactly("GET /api/v1/datasets/iris/versions/latest");
    assertThat(server.headers.getFirst().get("Traceparent")).isEqualTo(List.of("00-1-2-01"));
  }

  @Test
  void readsAVersionWithoutATable() {
    server.fail(new Status(200, VERSION.replace("\"sha256\":\"c\",", "")));
    assertThat(datasets.version("iris", "2").sha256()).isNull();
  }

  @Test
  void refusesAnAnswerThatIsNoVersion() {
    server.fail(new Status(200, "{}"), new Status(200, "nonsense"));
    assertThatExceptionOfType(RestClientException.class)
        .isThrownBy(() -> datasets.version("iris", "2"));
    assertThatExceptionOfType(RestClientException.class)
        .isThrownBy(() -> datasets.version("iris", "2"));
  }

  @Test
  void encodesNames() {
    server.fail(new Status(200, VERSION));
    datasets.version("a b/ü", "1");
    assertThat(server.calls).containsExactly("GET /api/v1/datasets/a%20b%2F%C3%BC/versions/1");
  }

  @Test
  void listsNames() {
    server.fail(
        new Status(
            200, "{\"items\":[{\"name\":\"iris\",\"latestVersion\":2}],\"nextPageToken\":\"\"}"));
    assertThat(datasets.list(1000).items()).extracting("name").containsExactly("iris");
  }

  @Test
  void saysWhyACallIsRefused() {
    assertThatExceptionOfType(ArtifactRefused.class)
        .isThrownBy(() -> datasets.version("none", "1"))
        .satisfies(e -> assertThat(e.status()).isEqualTo(404))
        .satisfies(e -> assertThat(e.code()).isEqualTo("not-here"));
  }

  @Test
  void tellsAbsenceOfTheServiceApart() {
    server.fail(new Status(503, ""));
    assertThatExceptionOfType(ArtifactUnavailable.class)
        .isThrownBy(() -> datasets.version("iris", "1"))
        .withMessageContaining("answered 503");
    server.close();
    assertThatExceptionOfType(ArtifactUnavailable.class)
        .isThrownBy(() -> datasets.version("iris", "1"))
        .withMessageContaining("cannot be reached");
  }
}
