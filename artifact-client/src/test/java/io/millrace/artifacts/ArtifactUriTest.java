package io.millrace.artifacts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ArtifactUriTest {

  @ParameterizedTest
  @CsvSource({
    "mlflow-artifacts:/1/4f0c/artifacts/model, 1/4f0c/artifacts/model",
    "mlflow-artifacts:/1/4f0c/artifacts/model/, 1/4f0c/artifacts/model",
    "mlflow-artifacts://gateway:8080/1/4f0c, 1/4f0c",
    "mlflow-artifacts:///1/4f0c, 1/4f0c",
    "mlflow-artifacts:/1//4f0c, 1/4f0c",
    "mlflow-artifacts:/my%20place/a, my place/a",
    "mlflow-artifacts:/my place/a, my place/a",
    "mlflow-artifacts:/100%/a, 100%/a",
  })
  void readsAPathOfTheProxy(String uri, String path) {
    assertThat(ArtifactUri.Proxied.parse(uri).path()).isEqualTo(path);
    assertThat(ArtifactUri.parse(uri)).isEqualTo(new ArtifactUri.Proxied(path));
  }

  @Test
  void readsADatasetVersion() {
    assertThat(ArtifactUri.parse("dataset:/iris/12"))
        .isEqualTo(new ArtifactUri.Dataset("iris", 12))
        .hasToString("dataset:/iris/12");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "file:///etc/passwd",
        "s3://bucket/key",
        "mlflow-artifacts:1/a",
        "mlflow-artifacts:/",
        "mlflow-artifacts://host",
        "mlflow-artifacts://host/",
        "mlflow-artifacts:/1/../2",
        "mlflow-artifacts:/1/%2e%2e/2",
        "mlflow-artifacts:/1/./2",
        "mlflow-artifacts:/1\\..\\2",
        "dataset:/iris",
        "dataset:/iris/0",
        "dataset:/iris/latest",
        "dataset:/iris/1/2",
      })
  void refusesEverythingElse(String uri) {
    assertThatExceptionOfType(InvalidArtifactUri.class)
        .isThrownBy(() -> ArtifactUri.parse(uri))
        .withMessageContaining("'" + uri + "'");
  }

  @Test
  void encodesEachSegment() {
    assertThat(new ArtifactUri.Proxied("a b/100%/ü?#").resource())
        .isEqualTo("/api/2.0/mlflow-artifacts/artifacts/a%20b/100%25/%C3%BC%3F%23");
    assertThat(new ArtifactUri.Dataset("a/b", 1).resource())
        .isEqualTo("/api/v1/datasets/a%2Fb/versions/1/content");
  }

  @Test
  void leadsToOtherFiles() {
    ArtifactUri.Proxied model = new ArtifactUri.Proxied("1/run/artifacts/model");
    assertThat(model.resolve("nested/model.onnx"))
        .hasToString("mlflow-artifacts:/1/run/artifacts/model/nested/model.onnx");
    assertThat(model.sibling("evaluation.json"))
        .hasToString("mlflow-artifacts:/1/run/artifacts/evaluation.json");
    assertThatExceptionOfType(InvalidArtifactUri.class).isThrownBy(() -> model.resolve("../other"));
  }
}
