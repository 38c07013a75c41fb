package io.millrace.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantitiesTest {

  @ParameterizedTest
  @CsvSource({
    "10s,10000,10s",
    "90s,90000,90s",
    "120s,120000,2m",
    "1h30m,5400000,90m",
    "250ms,250,250ms",
    "36h,129600000,36h",
    "2D,172800000,2d",
    "0s,0,0ms"
  })
  void readsAndWritesDurations(String text, long millis, String canonical) {
    Duration duration = Quantities.duration(text).orElseThrow();
    assertThat(duration).isEqualTo(Duration.ofMillis(millis));
    assertThat(Quantities.text(duration)).isEqualTo(canonical);
  }

  @ParameterizedTest
  @CsvSource({
    "1024,1024,1k",
    "2g,2147483648,2g",
    "2GB,2147483648,2g",
    "1536m,1610612736,1536m",
    "7b,7,7",
    "1t,1099511627776,1t"
  })
  void readsAndWritesSizes(String text, long bytes, String canonical) {
    assertThat(Quantities.size(text)).contains(bytes);
    assertThat(Quantities.text(bytes)).isEqualTo(canonical);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "5", "m", "1.5h", "-1s", "1w", "1h 30m", "9999999999999d"})
  void refusesOtherDurations(String text) {
    assertThat(Quantities.duration(text)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "g", "1.5g", "-1", "2 g", "999999999999999t"})
  void refusesOtherSizes(String text) {
    assertThat(Quantities.size(text)).isEmpty();
  }

  @Test
  void findsTheNearestWord() {
    var keys = java.util.List.of("environments", "approval", "rollout");
    assertThat(Words.nearest("enviroments", keys)).contains("environments");
    assertThat(Words.nearest("env", keys)).contains("environments");
    assertThat(Words.nearest("aproval", keys)).contains("approval");
    assertThat(Words.nearest("colour", keys)).isEmpty();
  }
}
