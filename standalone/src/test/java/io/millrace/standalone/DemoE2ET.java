package io.millrace.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.millrace.cli.PlatformFolder;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * `./millrace demo` as a person runs it: a process of its own, twice on the same folder, and
 * stopped by a signal.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class DemoE2ET {

  /** Signal 2 in the mask that /proc gives. */
  private static final long SIGINT_BIT = 1 << 1;

  @TempDir static Path home;
  private static Process running;
  private static int starts;

  @AfterAll
  static void stop() throws InterruptedException {
    if (running != null) {
      running.destroy();
      if (!running.waitFor(30, TimeUnit.SECONDS)) {
        running.destroyForcibly();
      }
    }
  }

  private static Process demo(Path output, String... arguments) throws IOException {
    var command = new ArrayList<>(asFromATerminal());
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xmx1g",
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-Dmillrace.root=" + Journey.ROOT,
            "-cp",
            "target/classes" + File.pathSeparator + CrashE2ET.LIB.resolve("*"),
            "io.millrace.standalone.Standalone"));
    command.addAll(List.of(arguments));
    var builder =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile());
    builder.environment().put("MILLRACE_HOME", home.resolve("data").toString());
    return builder.start();
  }

  /**
   * Shells start background jobs with SIGINT ignored, and that is inherited: by a JVM too, which
   * then never hears of Ctrl-C. Where these tests run so, the demo is given back what a terminal
   * gives it.
   */
  private static List<String> asFromATerminal() throws IOException {
    var status = Path.of("/proc/self/status");
    if (!Files.isReadable(status)) {
      return List.of();
    }
    try (var lines = Files.lines(status)) {
      var ignored =
          lines
              .filter(line -> line.startsWith("SigIgn:"))
              .mapToLong(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
              .findFirst()
              .orElse(0);
      return (ignored & SIGINT_BIT) == 0 ? List.of() : List.of("env", "--default-signal=INT");
    }
  }

  private static String run(String name) throws Exception {
    var output = home.resolve(name);
    var process = demo(output, "demo", "--exit", "--port", "0", "--kafka-port", "0");
    var ended = process.waitFor(180, TimeUnit.SECONDS);
    var said = Files.readString(output);
    assertThat(ended).as("ended:%n%s", said).isTrue();
    assertThat(process.exitValue()).as("exit status of the demo, which said:%n%s", said).isZero();
    return said;
  }

  @Test
  @Order(1)
  void showsTheWholeJourneyAndEndsWithStatusZero() throws Exception {
    assertThat(run("first.txt"))
        .contains(
            "TrainAccepted",
            "RunStarted",
            "DataValidated",
            "trees",
            "ModelTrained",
            "ModelEvaluated",
            "roc_auc",
            "ModelPromoted",
            "staging",
            "production",
            "ModelDeployed",
            "held-out rows right",
            "DriftDetected",
            "ks",
            "curl");
    assertNothingIsLeft();
  }

  @Test
  @Order(2)
  void startsTheSecondTimeFromWhatIsThere() throws Exception {
    assertThat(run("second.txt")).contains("breast-cancer version 2").contains("against version 1");
    assertNothingIsLeft();
  }

  /** How a platform may end in the middle of a training. */
  private enum Interruption {
    /** SIGTERM to the process, as `./millrace down` sends it. */
    STOP,
    /** SIGINT to the process and its trainer, as Ctrl-C at a terminal sends it. */
    CTRL_C,
    /** SIGKILL. */
    KILL;

    void hit(Process process) throws IOException, InterruptedException {
      switch (this) {
        case STOP -> process.destroy();
        case KILL -> process.destroyForcibly();
        case CTRL_C -> {
          var command = new ArrayList<>(List.of("kill", "-INT", Long.toString(process.pid())));
          process
              .descendants()
              .filter(DemoE2ET::isLivingTrainer)
              .forEach(trainer -> command.add(Long.toString(trainer.pid())));
          assertThat(command).as("a trainer is running").hasSizeGreaterThan(3);
          assertThat(new ProcessBuilder(command).start().waitFor()).isZero();
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Interruption.class)
  @Order(3)
  void resumesATrainingThatWasInterrupted(Interruption interruption) throws Exception {
    var name = "interrupted-" + interruption.name().toLowerCase(Locale.ROOT).replace('_', '-');
    var first = up();
    String request;
    try (var journey = new Journey(gateway(first))) {
      journey.prepare(name, 1500);
      request = journey.request(name);
      journey.awaitEvent(request, "DataValidated", "");
    }
    var children = first.descendants().toList();
    try {
      interruption.hit(first);
      assertThat(first.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      first.destroyForcibly();
    }
    await("trainer is gone")
        .atMost(Duration.ofSeconds(20))
        .until(() -> children.stream().noneMatch(DemoE2ET::isLivingTrainer));
    if (interruption != Interruption.KILL) {
      assertNothingIsLeft();
    }
    try (var journey = new Journey(gateway(up()))) {
      Journey.assertHappenedOnce(journey.awaitServed(request));
    }
  }

  /** After a kill too: what the killed platform left was cleared away by the next. */
  @Test
  @Order(4)
  void stopsCleanlyOnASignal() throws Exception {
    var process = up();
    gateway(process);
    process.destroy();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertNothingIsLeft();
  }

  private static boolean isLivingTrainer(ProcessHandle process) {
    return process.isAlive() && process.info().commandLine().orElse("").contains("trainers-");
  }

  /** The platform that runs; a start takes longer than a case, so a case leaves it to the next. */
  private static Process up() throws IOException {
    if (running == null || !running.isAlive()) {
      starts++;
      running =
          demo(home.resolve("up-" + starts + ".txt"), "up", "--port", "0", "--kafka-port", "0");
    }
    return running;
  }

  private static URI gateway(Process process) {
    var folder = new PlatformFolder(home.resolve("data"));
    await("platform is up")
        .atMost(Duration.ofSeconds(90))
        .until(
            () -> folder.running().filter(running -> running.pid() == process.pid()).isPresent());
    return folder.running().orElseThrow().gateway();
  }

  private static void assertNothingIsLeft() {
    assertThat(home.resolve("data/platform.json")).doesNotExist();
    var left =
        ProcessHandle.allProcesses()
            .filter(process -> process.info().commandLine().orElse("").contains(home.toString()))
            .map(process -> process.info().commandLine().orElse(""))
            .toList();
    assertThat(left).as("processes left behind").isEmpty();
  }
}
