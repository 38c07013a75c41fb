package io.millrace.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {

  @TempDir Path temporary;

  @Test
  void isHeldOnceUntilClosed() {
    Path data = temporary.resolve("new/data");
    long me = ProcessHandle.current().pid();
    try (DataDirectory held = DataDirectory.hold(data, "platform")) {
      assertThat(held.path()).isDirectory();
      assertThatThrownBy(() -> DataDirectory.hold(data, "platform"))
          .isInstanceOf(EmbeddedStartException.class)
          .hasMessageContaining("in use by process " + me);
      assertThat(DataDirectory.isHeld(data, "platform")).isTrue();
      assertThat(DataDirectory.isHeld(data, "another part")).isFalse();
      held.close();
      assertThat(DataDirectory.isHeld(data, "platform")).isFalse();
    }
  }

  @Test
  void isTheSameThroughALink() throws Exception {
    Path data = Files.createDirectory(temporary.resolve("data"));
    Path link = Files.createSymbolicLink(temporary.resolve("link"), data);
    try (DataDirectory held = DataDirectory.hold(data, "platform")) {
      assertThat(DataDirectory.isHeld(link, "platform")).isTrue();
      assertThat(held.path()).isEqualTo(data.toRealPath());
    }
  }

  @Test
  void saysWhyItCannotBeUsed() throws Exception {
    Path file = Files.createFile(temporary.resolve("a-file"));
    assertThatThrownBy(() -> DataDirectory.hold(file.resolve("data"), "platform"))
        .isInstanceOf(EmbeddedStartException.class)
        .hasMessageContaining(file.resolve("data").toString())
        .hasMessageContaining("choose another directory");
  }
}
