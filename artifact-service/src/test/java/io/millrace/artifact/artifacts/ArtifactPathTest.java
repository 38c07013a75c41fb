package io.millrace.artifact.artifacts;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.millrace.artifact.artifacts.ArtifactPath.InvalidPath;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ArtifactPathTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "..",
        "../x",
        "a/../b",
        "a/..",
        "%2e%2e/x",
        "%252e%252e%252fetc",
        "a/%2E%2e/b",
        "/etc/passwd",
        "%2Fetc",
        "%252Fetc",
        "a//b",
        "a/",
        "./a",
        "a/./b",
        "C:/x",
        "c:x",
        "a%5Cb",
        "a%00b",
        "a%0Ab",
        "a%23b",
        "a%7Fb",
        "a%C2%85b",
        "%ff",
        "%",
        "%zz",
        "a%255C..%255Cb"
      })
  void refusesWhatIsNoSafePath(String encoded) {
    assertThatExceptionOfType(InvalidPath.class)
        .isThrownBy(() -> ArtifactPath.ofEncoded(encoded))
        .withMessageStartingWith("Invalid path");
  }

  @ParameterizedTest
  @CsvSource({
    "1/abc/artifacts/model.onnx, 1/abc/artifacts/model.onnx",
    "a%20b/c+d, a b/c+d",
    "%C3%A9/%E6%BC%A2, é/漢",
    "100%25, 100%",
    "...x/y.., ...x/y..",
    "a%2Fb, a/b"
  })
  void keepsWhatIsOne(String encoded, String path) {
    assertThat(ArtifactPath.ofEncoded(encoded).value()).isEqualTo(path);
  }

  @Test
  void refusesOverLongNames() {
    assertThatExceptionOfType(InvalidPath.class)
        .isThrownBy(() -> ArtifactPath.ofEncoded("a".repeat(256)))
        .withMessageContaining("longer than 255 bytes");
    assertThatExceptionOfType(InvalidPath.class)
        .isThrownBy(() -> ArtifactPath.ofEncoded("aaaaaaa/".repeat(150) + "b"))
        .withMessageContaining("longer than 1024 bytes");
    assertThat(ArtifactPath.ofEncoded("a".repeat(255)).name()).hasSize(255);
  }

  @Test
  void namesTheFoldersAbove() {
    assertThat(ArtifactPath.ofEncoded("a/b/c").parents()).containsExactly("a/b", "a");
  }

  @Test
  void takesAFolderWithOrWithoutASlashAtTheEnd() {
    assertThat(ArtifactPath.ofFolder("").isRoot()).isTrue();
    assertThat(ArtifactPath.ofFolder("/").isRoot()).isTrue();
    assertThat(ArtifactPath.ofFolder("a/b/")).isEqualTo(ArtifactPath.ofFolder("a/b"));
    assertThatExceptionOfType(InvalidPath.class).isThrownBy(() -> ArtifactPath.ofFolder("//"));
  }
}
