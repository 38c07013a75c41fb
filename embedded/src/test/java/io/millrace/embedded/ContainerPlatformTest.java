package io.millrace.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ContainerPlatformTest {

  @Test
  void takesItsImagesFromTheComposeFile() throws Exception {
    String composeFile = Files.readString(Path.of("../docker-compose.yml"));
    assertThat(ContainerPlatform.imageOf("kafka", composeFile)).startsWith("apache/kafka:");
    assertThat(ContainerPlatform.imageOf("postgres", composeFile)).startsWith("postgres:");
    assertThat(ContainerPlatform.imageOf("s3", composeFile)).contains("s3proxy:");
  }

  @Test
  void takesNoImageOfAnotherService() {
    String composeFile = "services:\n  here:\n    build: .\n\n  there:\n    image: other:1\n";
    assertThat(ContainerPlatform.imageOf("there", composeFile)).isEqualTo("other:1");
    assertThatThrownBy(() -> ContainerPlatform.imageOf("here", composeFile))
        .isInstanceOf(EmbeddedStartException.class)
        .hasMessageContaining("here");
  }
}
