package io.millrace.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class WorkspaceTest {

  @TempDir Path temporary;
  private final List<Process> started = new ArrayList<>();

  @AfterEach
  void endAll() {
    started.forEach(Process::destroyForcibly);
  }

  /** A process that never ends by itself and has the folder in its command line. */
  private Process runIn(Path folder) throws IOException {
    var file = Files.writeString(folder.resolve("data"), "x");
    var process = new ProcessBuilder("tail", "-f", file.toString()).start();
    started.add(process);
    return process;
  }

  /** A JVM with a workspace, which it names, and then waits. */
  static final class Benchmark {

    private Benchmark() {}

    public static void main(String[] args) throws Exception {
      System.out.println(Workspace.openIn(Path.of(args[0])).folder());
      Thread.sleep(Long.MAX_VALUE);
    }
  }

  private record Other(Process process, Path folder) {}

  private Other otherBenchmark() throws IOException {
    var process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Benchmark.class.getName(),
                temporary.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    started.add(process);
    BufferedReader said = process.inputReader(StandardCharsets.UTF_8);
    return new Other(process, Path.of(said.readLine()));
  }

  @Test
  void takesAlongWhatRunsInIt() throws Exception {
    Process inside;
    Path folder;
    try (var workspace = Workspace.openIn(temporary)) {
      folder = workspace.folder();
      assertThat(workspace.mark()).endsWith(folder.toString());
      inside = runIn(folder);
    }
    assertThat(inside.isAlive()).isFalse();
    assertThat(folder).doesNotExist();
  }

  @Test
  void takesAlongWhatRunsInItWhenASignalEndsIt() throws Exception {
    var other = otherBenchmark();
    var inside = runIn(other.folder());
    other.process().destroy();
    assertThat(other.process().waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(inside.waitFor(5, TimeUnit.SECONDS)).isTrue();
    assertThat(other.folder()).doesNotExist();
  }

  @Test
  void takesAwayWhatAKilledRunLeft() throws Exception {
    var other = otherBenchmark();
    var inside = runIn(other.folder());
    other.process().destroyForcibly().waitFor();
    assertThat(inside.isAlive()).isTrue();
    try (var workspace = Workspace.openIn(temporary)) {
      assertThat(inside.waitFor(5, TimeUnit.SECONDS)).isTrue();
      assertThat(other.folder()).doesNotExist();
      assertThat(workspace.folder()).exists();
    }
  }

  @Test
  void leavesARunAloneThatGoesOn() throws Exception {
    var other = otherBenchmark();
    var inside = runIn(other.folder());
    try (var first = Workspace.openIn(temporary);
        var second = Workspace.openIn(temporary)) {
      assertThat(List.of(first.folder(), second.folder(), other.folder())).allMatch(Files::exists);
      assertThat(inside.isAlive()).isTrue();
    }
    assertThat(other.folder()).exists();
  }
}
