package io.millrace.tracking.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.tracking.mlflow.MlflowSettings;
import org.junit.jupiter.api.Test;
import org.springframework.util.unit.DataSize;

class RunLimitsTest {

  private static RunLimits limits(boolean truncate) {
    return new RunLimits(new MlflowSettings(DataSize.ofMegabytes(1), truncate));
  }

  @Test
  void cutsWhatIsTooLong() {
    assertThat(limits(true).paramValue("v".repeat(6001))).hasSize(6000);
    assertThat(limits(true).tagValue("v".repeat(8001))).hasSize(8000);
  }

  @Test
  void refusesWhatIsTooLongWhereItIsToldTo() {
    RunLimits strict = limits(false);
    assertThat(strict.paramValue("v".repeat(6000))).hasSize(6000);
    assertThat(strict.tagValue("v".repeat(8000))).hasSize(8000);
    assertThatThrownBy(() -> strict.paramValue("v".repeat(6001)))
        .hasMessage("'Param value' exceeds the maximum length of 6000 characters");
    assertThatThrownBy(() -> strict.tagValue("v".repeat(8001)))
        .hasMessage("'Tag value' exceeds the maximum length of 8000 characters");
  }
}
