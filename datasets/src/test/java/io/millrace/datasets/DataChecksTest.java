package io.millrace.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.datasets.DataCheck.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataChecksTest {
  @TempDir Path dir;

  @Test
  void cleanDataPasses() {
    Table iris = Csv.read(Path.of("src/test/resources/iris.csv"));
    DataCheckReport report = DataChecks.run(iris, "target", Split.DEFAULT, CheckLevel.STRICT);

    assertThat(report.passed()).isTrue();
    assertThat(report.checks()).allSatisfy(c -> assertThat(c.status()).isEqualTo(Status.PASS));
    assertThat(report.checks()).hasSize(11);
    assertThat(DataCheckReport.fromJson(report.toJson())).isEqualTo(report);
  }

  @Test
  void tooFewRowsFailEvenWhenLenient() {
    DataCheckReport report = run(10, i -> i + "," + i % 2, CheckLevel.LENIENT);
    assertThat(report.passed()).isFalse();
    assertThat(report.failures()).contains("10 rows have a target, at least 20 are needed");
  }

  @Test
  void oneClassFails() {
    DataCheckReport report = run(40, i -> i + ",same", CheckLevel.STRICT);
    assertThat(status(report, "target-values", "y")).isEqualTo(Status.FAIL);
    assertThat(status(report, "split-classes", "y")).isEqualTo(Status.FAIL);
  }

  @Test
  void rareClassMissingFromPartWarns() {
    DataCheckReport report =
        run(
            60,
            i -> (i * 7 % 13) + "," + (i < 2 ? "rare" : i % 2 == 0 ? "a" : "b"),
            CheckLevel.STRICT);
    assertThat(report.checks())
        .anySatisfy(
            c -> {
              assertThat(c.check()).isEqualTo("split-classes");
              assertThat(c.status()).isEqualTo(Status.WARN);
            });
  }

  @Test
  void missingTargetsWarnThenFail() {
    assertThat(
            status(
                run(100, i -> i % 9 + "," + (i == 0 ? "" : "" + i % 2), CheckLevel.STRICT),
                "target-missing",
                "y"))
        .isEqualTo(Status.WARN);
    assertThat(
            status(
                run(100, i -> i % 9 + "," + (i < 9 ? "" : "" + i % 2), CheckLevel.STRICT),
                "target-missing",
                "y"))
        .isEqualTo(Status.FAIL);
    assertThat(
            status(
                run(100, i -> i % 9 + "," + (i < 9 ? "" : "" + i % 2), CheckLevel.LENIENT),
                "target-missing",
                "y"))
        .isEqualTo(Status.WARN);
  }

  @Test
  void emptyConstantInfiniteAndSparseColumnsAreNamed() {
    assertThat(status(run(40, i -> "," + i % 2, CheckLevel.STRICT), "all-missing", "x"))
        .isEqualTo(Status.FAIL);
    assertThat(status(run(40, i -> "3," + i % 2, CheckLevel.STRICT), "constant-column", "x"))
        .isEqualTo(Status.WARN);
    assertThat(
            status(
                run(40, i -> (i == 3 ? "inf" : "" + i) + "," + i % 2, CheckLevel.STRICT),
                "infinite-values",
                "x"))
        .isEqualTo(Status.FAIL);
    assertThat(
            status(
                run(40, i -> (i % 10 == 0 ? "" : "" + i) + "," + i % 2, CheckLevel.STRICT),
                "missing-share",
                "x"))
        .isEqualTo(Status.WARN);
    assertThat(
            status(
                run(40, i -> (i % 3 > 0 ? "" : "" + i) + "," + i % 2, CheckLevel.STRICT),
                "missing-share",
                "x"))
        .isEqualTo(Status.FAIL);
  }

  @Test
  void duplicateRowsWarnThenFail() {
    assertThat(
            status(
                run(100, i -> Math.max(i, 10) + "," + i % 2, CheckLevel.STRICT),
                "duplicate-rows",
                null))
        .isEqualTo(Status.WARN);
    assertThat(
            status(run(100, i -> i % 4 + "," + i % 2, CheckLevel.STRICT), "duplicate-rows", null))
        .isEqualTo(Status.FAIL);
  }

  @Test
  void columnThatTellsTargetWarns() {
    assertThat(
            status(
                run(40, i -> i + "," + (i < 15 ? "low" : "high"), CheckLevel.STRICT),
                "target-leakage",
                "x"))
        .isEqualTo(Status.WARN);
    assertThat(
            status(
                run(40, i -> (i % 2 == 0 ? "p" : "q") + "," + i % 2, CheckLevel.STRICT),
                "target-leakage",
                "x"))
        .isEqualTo(Status.WARN);
    assertThat(
            status(
                run(40, i -> i + "," + (1000.5 - i * i), CheckLevel.STRICT), "target-leakage", "x"))
        .isEqualTo(Status.WARN);
    assertThat(
            status(
                run(40, i -> i + "," + (i + (i % 5) * 2.5), CheckLevel.STRICT),
                "target-leakage",
                null))
        .isEqualTo(Status.PASS);
  }

  @Test
  void offRunsNothingButTargetMustExist() {
    assertThat(run(5, i -> i + ",1", CheckLevel.OFF).checks()).isEmpty();
    assertThatThrownBy(() -> table(5, i -> i + ",1", "z", CheckLevel.OFF))
        .hasMessageContaining("no column 'z'");
    assertThatThrownBy(() -> CheckLevel.of("strickt"))
        .hasMessageContaining("did you mean 'strict'?");
  }

  private DataCheckReport run(int rows, IntFunction<String> row, CheckLevel level) {
    return table(rows, row, "y", level);
  }

  private DataCheckReport table(
      int rows, IntFunction<String> row, String target, CheckLevel level) {
    StringBuilder text = new StringBuilder("x,y\n");
    for (int i = 0; i < rows; i++) {
      text.append(row.apply(i)).append('\n');
    }
    try {
      Path file = Files.writeString(dir.resolve("data.csv"), text);
      return DataChecks.run(Csv.read(file), target, Split.DEFAULT, level);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static Status status(DataCheckReport report, String check, String column) {
    return report.checks().stream()
        .filter(c -> c.check().equals(check) && java.util.Objects.equals(c.column(), column))
        .findFirst()
        .orElseThrow(() -> new AssertionError(report.toJson()))
        .status();
  }
}
