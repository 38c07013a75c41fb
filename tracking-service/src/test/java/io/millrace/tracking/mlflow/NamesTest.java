package io.millrace.tracking.mlflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NamesTest {

  @ParameterizedTest
  @ValueSource(strings = {"acc", "val/acc", "a.b-c_d e:f", "é 漢:字", "x..y", ".hidden"})
  void takesWhatCouldBeAFile(String key) {
    assertThat(Names.key(key, "name")).isEqualTo(key);
  }

  @ParameterizedTest
  @CsvSource({
    "a//b, a/b",
    "a/./b, a/b",
    "x/../y, y",
    "a/, a",
    "../x, ../x",
    "/x, /x",
    "., .",
    ".., .."
  })
  void refusesWhatWouldBecomeAnotherFile(String key, String normal) {
    assertThatThrownBy(() -> Names.key(key, "metrics[0].name"))
        .hasMessage(
            "Invalid value \"%s\" for parameter 'metrics[0].name' supplied: Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to '%s'"
                .formatted(key, normal));
  }

  @ParameterizedTest
  @ValueSource(strings = {"a$b", "a\\b", "a\nb", "👍"})
  void refusesOtherCharacters(String key) {
    assertThatThrownBy(() -> Names.key(key, "key"))
        .hasMessageContaining("Names may only contain alphanumerics");
  }

  @Test
  void countsCharactersAndNotTheirHalves() {
    String flags = "👍".repeat(250);
    assertThat(Names.limited(flags, "x", 250)).isEqualTo(flags);
    assertThat(Names.truncated(flags + "more", 250)).isEqualTo(flags);
    assertThatThrownBy(() -> Names.limited(flags + "x", "name", 250))
        .hasMessage("'name' exceeds the maximum length of 250 characters");
  }
}
