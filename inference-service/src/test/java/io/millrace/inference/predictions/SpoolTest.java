package io.millrace.inference.predictions;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpoolTest {

  @TempDir Path folder;

  private static byte[] entry(int number) {
    return ("entry " + number).getBytes(java.nio.charset.StandardCharsets.UTF_8);
  }

  private static List<String> drain(Spool spool, int most) {
    List<String> texts = new ArrayList<>();
    for (Spool.Batch batch = spool.peek(most);
        !batch.entries().isEmpty();
        batch = spool.peek(most)) {
      batch
          .entries()
          .forEach(e -> texts.add(new String(e.bytes(), java.nio.charset.StandardCharsets.UTF_8)));
      spool.taken(batch);
    }
    return texts;
  }

  @Test
  void givesBackInOrderAndGoesOnWhereAnEarlierProcessStopped() {
    UUID id = UUID.randomUUID();
    try (Spool spool = Spool.open(folder, 1 << 20)) {
      for (int i = 0; i < 10; i++) {
        assertThat(spool.append(id, entry(i))).isTrue();
      }
      Spool.Batch batch = spool.peek(4);
      assertThat(batch.entries()).hasSize(4);
      assertThat(batch.entries().getFirst().id()).isEqualTo(id);
      spool.taken(batch);
    }
    try (Spool spool = Spool.open(folder, 1 << 20)) {
      spool.append(id, entry(10));
      assertThat(drain(spool, 3))
          .containsExactly(
              "entry 4", "entry 5", "entry 6", "entry 7", "entry 8", "entry 9", "entry 10");
      assertThat(spool.isEmpty()).isTrue();
      assertThat(spool.bytes()).isZero();
      spool.append(id, entry(11));
      assertThat(drain(spool, 3)).containsExactly("entry 11");
    }
  }

  @Test
  void refusesToGrowBeyondItsLimit() {
    try (Spool spool = Spool.open(folder, 100)) {
      assertThat(spool.append(UUID.randomUUID(), new byte[60])).isTrue();
      assertThat(spool.append(UUID.randomUUID(), new byte[60])).isFalse();
      drain(spool, 10);
      assertThat(spool.append(UUID.randomUUID(), new byte[60])).isTrue();
    }
  }

  @Test
  void dropsATornTailAndKeepsWhatIsWhole() throws IOException {
    try (Spool spool = Spool.open(folder, 1 << 20)) {
      spool.append(UUID.randomUUID(), entry(0));
      spool.append(UUID.randomUUID(), entry(1));
    }
    try (Stream<Path> files = Files.list(folder.resolve("0"))) {
      Path segment = files.filter(f -> f.toString().endsWith(".spool")).findFirst().orElseThrow();
      Files.write(segment, new byte[] {0, 0, 0, 40, 1, 2, 3}, StandardOpenOption.APPEND);
    }
    try (Spool spool = Spool.open(folder, 1 << 20)) {
      spool.append(UUID.randomUUID(), entry(2));
      assertThat(drain(spool, 10)).containsExactly("entry 0", "entry 1", "entry 2");
    }
  }

  @Test
  void sharesTheFolderWithOthersAndTakesOverFromThoseThatAreGone() {
    try (Spool first = Spool.open(folder, 1 << 20)) {
      try (Spool second = Spool.open(folder, 1 << 20)) {
        second.append(UUID.randomUUID(), entry(2));
        first.append(UUID.randomUUID(), entry(1));
      }
    }
    try (Spool next = Spool.open(folder, 1 << 20)) {
      assertThat(drain(next, 10)).containsExactly("entry 1", "entry 2");
    }
  }

  @Test
  void startsNewSegmentsAndDeletesThoseThatWereTaken() throws IOException {
    byte[] large = new byte[3 << 20];
    try (Spool spool = Spool.open(folder, 1L << 30)) {
      for (int i = 0; i < 14; i++) {
        spool.append(UUID.randomUUID(), large);
      }
      assertThat(segments()).isEqualTo(3);
      for (int i = 0; i < 7; i++) {
        spool.taken(spool.peek(1));
      }
      assertThat(segments()).isEqualTo(2);
      assertThat(drain(spool, 5)).hasSize(7);
      assertThat(segments()).isZero();
    }
  }

  private long segments() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("0"))) {
      return files.filter(f -> f.toString().endsWith(".spool")).count();
    }
  }
}
