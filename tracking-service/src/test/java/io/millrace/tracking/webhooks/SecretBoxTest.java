package io.millrace.tracking.webhooks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretBoxTest {

  private final String key = SecretBox.newKey();
  private final SecretBox box = new SecretBox(List.of(key));

  @Test
  void givesBackWhatItSealed() {
    String sealed = box.seal("wh_1", "whsec_x");
    assertThat(sealed).doesNotContain("whsec_x");
    assertThat(box.seal("wh_1", "whsec_x")).isNotEqualTo(sealed);
    assertThat(new SecretBox(List.of(key)).open("wh_1", sealed)).contains("whsec_x");
  }

  @Test
  void opensNothingThatWasChangedOrBelongsElsewhere() {
    String sealed = box.seal("wh_1", "whsec_x");
    byte[] changed = Base64.getDecoder().decode(sealed);
    changed[changed.length - 1] ^= 1;
    assertThat(box.open("wh_1", Base64.getEncoder().encodeToString(changed))).isEmpty();
    assertThat(box.open("wh_2", sealed)).isEmpty();
    assertThat(box.open("wh_1", "")).isEmpty();
    assertThat(box.open("wh_1", "not base64!")).isEmpty();
    assertThat(new SecretBox(List.of(SecretBox.newKey())).open("wh_1", sealed)).isEmpty();
  }

  @Test
  void opensWithAnOldKeyAndSealsWithTheNewOne() {
    String sealed = box.seal("wh_1", "whsec_x");
    String newer = SecretBox.newKey();
    SecretBox both = new SecretBox(List.of(newer, key));
    assertThat(both.open("wh_1", sealed)).contains("whsec_x");
    assertThat(new SecretBox(List.of(newer)).open("wh_1", both.seal("wh_1", "y"))).contains("y");
  }

  @Test
  void refusesAKeyThatIsNone() {
    for (String bad : List.of("short", "c2hvcnQ=", "***")) {
      assertThatThrownBy(() -> new SecretBox(List.of(bad))).hasMessageContaining("32 bytes");
    }
    assertThat(new SecretBox(List.of()).usable()).isFalse();
  }

  @Test
  void keepsItsKeyInAFileOfItsOwner(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("secrets/webhooks.key");
    Set<String> read = new ConcurrentSkipListSet<>();
    List<Thread> makers =
        java.util.stream.IntStream.range(0, 8)
            .mapToObj(i -> Thread.ofVirtual().start(() -> read.add(KeyFile.readOrMake(file))))
            .toList();
    for (Thread maker : makers) {
      maker.join();
    }
    assertThat(read).hasSize(1);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    try (var files = Files.list(file.getParent())) {
      assertThat(files).containsExactly(file);
    }
  }
}
