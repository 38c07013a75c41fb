package io.millrace.training.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.training.process.Exit;
import io.millrace.training.process.Stop;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class VerdictTest {

  private final Verdict verdict = new Verdict(Duration.ofMinutes(1), 64L << 20);

  @TempDir Path output;

  @ParameterizedTest
  @CsvSource({
    "1, crashed",
    "2, invalid-parameters",
    "3, data-checks-failed",
    "4, parity-failed",
    "5, out-of-memory",
    "99, crashed",
    "134, crashed",
    "137, out-of-memory",
    "143, crashed"
  })
  void readsEachExitCode(int code, String reason) {
    Outcome outcome = verdict.on(new Exit(code, null), output, new LogTail("a\nb\n"));
    assertThat(((Outcome.Failed) outcome).reason()).isEqualTo(reason);
    assertThat(((Outcome.Failed) outcome).message()).isNotBlank();
  }

  @ParameterizedTest
  @EnumSource(Stop.class)
  void putsAStopBeforeTheExitCode(Stop stop) {
    Outcome outcome = verdict.on(new Exit(143, stop), output, new LogTail(""));
    assertThat(outcome.tag())
        .isEqualTo(
            switch (stop) {
              case CANCELLED -> "cancelled";
              case TIMED_OUT -> "timed-out";
              case OUT_OF_MEMORY -> "out-of-memory";
              case FENCED, RELEASED -> "given-up";
            });
  }

  @Test
  void prefersTheTrainersWordsToItsLog() throws IOException {
    Files.writeString(
        output.resolve("result.json"),
        "{\"status\":\"failed\",\"reason\":\"crashed\",\"message\":\"no luck\"}");
    assertThat(verdict.on(new Exit(1, null), output, new LogTail("noise")))
        .isEqualTo(new Outcome.Failed("crashed", "no luck"));
  }

  @Test
  void takesACodeOfZeroWithoutAResultForACrash() {
    assertThat(verdict.on(new Exit(0, null), output, new LogTail("")).tag()).isEqualTo("crashed");
  }

  @Test
  void survivesAResultThatIsHalfWritten() throws IOException {
    Files.writeString(output.resolve("result.json"), "{\"status\":\"succ");
    assertThat(verdict.on(new Exit(0, null), output, new LogTail("")).tag()).isEqualTo("crashed");
  }
}
