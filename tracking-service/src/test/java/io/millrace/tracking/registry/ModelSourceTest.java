package io.millrace.tracking.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelSourceTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "runs:/abc/model",
        "mlflow-artifacts:/1/r/artifacts/model",
        "s3://bucket/models/a+b/x%20y",
        "models:/m-1"
      })
  void takesWhatStaysWhereItPoints(String source) {
    assertThat(ModelSource.checked(source)).isEqualTo(source);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/etc/passwd",
        "file:///etc/passwd",
        "FILE:/x",
        "C:\\x",
        "s3://bucket/../other",
        "s3://bucket/%2e%2e/other",
        "s3://bucket/%252e%252e/other",
        "s3://bucket/a%00",
        "s3://b/%zz",
        "model"
      })
  void refusesLocalAndClimbingPaths(String source) {
    assertThatThrownBy(() -> ModelSource.checked(source))
        .hasMessageStartingWith("Invalid model version source: '" + source + "'.");
  }
}
