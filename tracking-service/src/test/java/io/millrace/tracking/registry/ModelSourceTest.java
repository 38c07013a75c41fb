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
        "s3://bucket/./m",
        "s3://bucket/m?path=../x",
        "dbfs:relative",
        "model"
      })
  void refusesLocalAndClimbingPaths(String source) {
    assertThatThrownBy(() -> ModelSource.checked(source))
        .hasMessageStartingWith("Invalid model version source: '" + source + "'.");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/srv/other",
        "/srv/run1/../run2",
        "/srv/run10/x",
        "/srv/run1/%2e%2e/x",
        "/srv/run1"
      })
  void keepsLocalPathsInsideTheRun(String source) {
    assertThat(ModelSource.within("/srv/run1/model", "/srv/run1")).isEqualTo("/srv/run1/model");
    assertThat(ModelSource.within("file:///srv/run1/model", "/srv/run1/")).isNotEmpty();
    for (String folder : new String[] {"/srv/run1", "", "/", "s3://srv/run1"}) {
      assertThatThrownBy(() -> ModelSource.within(source, folder))
          .hasMessageStartingWith("Invalid model version source: '" + source + "'.");
    }
  }
}
