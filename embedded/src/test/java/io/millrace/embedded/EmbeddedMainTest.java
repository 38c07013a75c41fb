package io.millrace.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EmbeddedMainTest {

  @Test
  void readsDirectoryAndPorts() {
    EmbeddedPlatformSettings settings =
        EmbeddedMain.parse("all --data /some/where --kafka-port 1 --s3-port 3".split(" "));
    assertThat(settings.dataDirectory()).isEqualTo(Path.of("/some/where"));
    assertThat(settings.kafkaPort()).isEqualTo(1);
    assertThat(settings.postgresPort()).isZero();
    assertThat(settings.s3Port()).isEqualTo(3);
    assertThat(settings.durable()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "zookeeper --data x, the first argument",
    "all, --data is missing",
    "all --data, --data needs a value",
    "all --data x --port 1, unknown option --port",
    "all --data x --kafka-port many, not a port: many",
    "all --data x --s3-port 70000, 0 (any free one) to 65535",
  })
  void saysWhatIsWrong(String line, String complaint) {
    assertThatThrownBy(() -> EmbeddedMain.parse(line.split(" ")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(complaint);
  }
}
