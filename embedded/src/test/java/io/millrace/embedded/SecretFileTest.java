package io.millrace.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretFileTest {

  @TempDir Path directory;

  @Test
  void keepsTheFirstValuesForTheOwnerAlone() throws Exception {
    Path file = directory.resolve("deeper/some.credentials");
    assertThat(SecretFile.readOrCreate(file, Map.of("password", "first")))
        .isEqualTo(SecretFile.readOrCreate(file, Map.of("password", "second")))
        .containsEntry("password", "first");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    try (var files = Files.list(file.getParent())) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void namesTheFileThatLostItsValue() throws Exception {
    Path file = Files.writeString(directory.resolve("some.credentials"), "user=me\n");
    assertThatThrownBy(() -> SecretFile.readOrCreate(file, Map.of("password", "first")))
        .isInstanceOf(EmbeddedStartException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("password");
  }

  @Test
  void generatesSecretsThatNeedNoEscaping() {
    assertThat(SecretFile.random()).hasSize(24).matches("[A-Za-z0-9_]+");
    assertThat(SecretFile.random()).isNotEqualTo(SecretFile.random());
  }
}
