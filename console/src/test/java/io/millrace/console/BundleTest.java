package io.millrace.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BundleTest {
  private static final Path BUILT = Path.of("target/classes/console");
  private static final Path COMMITTED = Path.of("src/main/prebuilt");

  @ParameterizedTest
  @ValueSource(strings = {"app.js", "app.css"})
  void committedBundleIsTheOneOfTheSources(String file) throws IOException {
    if (Boolean.getBoolean("millrace.update")) {
      Files.createDirectories(COMMITTED);
      Files.writeString(COMMITTED.resolve(file), Files.readString(BUILT.resolve(file)));
    }
    assertThat(COMMITTED.resolve(file))
        .as(
            "the bundle for platforms without esbuild; renew it with: ./mvnw -pl console test"
                + " -Dtest=BundleTest -Dmillrace.update=true")
        .hasSameBinaryContentAs(BUILT.resolve(file));
  }

  @Test
  void pageLoadsOnlyItsOwnFiles() throws IOException {
    String page = Files.readString(BUILT.resolve("index.html"));
    assertThat(page).doesNotContain("://").doesNotContain("<style").doesNotContain(" style=");
    for (String file : List.of("app.js", "app.css", "favicon.svg")) {
      assertThat(page).contains("\"" + file);
      assertThat(BUILT.resolve(file)).isNotEmptyFile();
    }
    assertThat(page).containsOnlyOnce("<script").containsPattern("<script src=\"app\\.js\\?");
  }

  @Test
  void changedFilesGetAnotherAddress() throws Exception {
    String page = Files.readString(BUILT.resolve("index.html"));
    for (String file : List.of("app.js", "app.css")) {
      byte[] hash =
          MessageDigest.getInstance("SHA-1").digest(Files.readAllBytes(BUILT.resolve(file)));
      assertThat(page).contains("\"" + file + "?" + HexFormat.of().formatHex(hash) + "\"");
    }
  }
}
