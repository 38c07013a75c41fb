package io.millrace.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The shell files at the top of the project, which have no module of their own. */
class LaunchersTest {

  private static final Path PROJECT = Path.of("").toAbsolutePath().getParent();

  @TempDir Path temporary;

  @Test
  void findsTheRightJdkInEveryUsualPlace() throws Exception {
    for (String shell : List.of("sh", "bash", "dash")) {
      if (Stream.of("/bin/", "/usr/bin/")
          .anyMatch(bin -> Files.isExecutable(Path.of(bin + shell)))) {
        Outcome outcome = run(PROJECT, shell, ".mvn/test-find-jdk.sh");
        assertThat(outcome).as(shell).isEqualTo(new Outcome(0, "ok\n"));
      }
    }
  }

  @Test
  void shipsMavenAsItWasPublished() throws Exception {
    List<Path> archives = shippedMavens();
    assertThat(archives).hasSize(1);
    Path archive = archives.getFirst();
    byte[] hash = MessageDigest.getInstance("SHA-512").digest(Files.readAllBytes(archive));
    assertThat(HexFormat.of().formatHex(hash))
        .isEqualTo(
            Files.readString(archive.resolveSibling(archive.getFileName() + ".sha512")).strip());
  }

  @Test
  void unpacksMavenOnceHoweverManyStartTogether() throws Exception {
    Path copy = Files.createDirectories(temporary.resolve("a project/.mvn"));
    Files.copy(
        PROJECT.resolve("mvnw"), copy.resolveSibling("mvnw"), StandardCopyOption.COPY_ATTRIBUTES);
    Files.copy(PROJECT.resolve(".mvn/find-jdk.sh"), copy.resolve("find-jdk.sh"));
    Path archive = shippedMavens().getFirst();
    Files.createSymbolicLink(copy.resolve(archive.getFileName()), archive);

    List<Process> together = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      together.add(start(copy.getParent(), "./mvnw", "--version"));
    }
    for (Process one : together) {
      Outcome outcome = Outcome.of(one);
      assertThat(outcome.said()).contains("Apache Maven 3.9");
      assertThat(outcome.status()).isZero();
    }
    try (var left = Files.list(copy.resolve("maven"));
        var inside = Files.list(copy.resolve("maven/apache-maven-3.9.11"))) {
      assertThat(left.map(Path::getFileName).map(Path::toString))
          .containsExactly("apache-maven-3.9.11");
      assertThat(inside.map(Path::getFileName).map(Path::toString))
          .noneMatch(name -> name.endsWith(".maven"));
    }
  }

  @Test
  void helpsWithoutABuild() throws Exception {
    Path elsewhere =
        Files.copy(
            PROJECT.resolve("millrace"),
            temporary.resolve("millrace"),
            StandardCopyOption.COPY_ATTRIBUTES);
    Outcome outcome = run(temporary, elsewhere.toString(), "--help");
    assertThat(outcome.status()).isZero();
    assertThat(outcome.said())
        .contains("demo", "up", "down", "status", "run", "events", "predict", "doctor", "test");
    assertThat(run(temporary, elsewhere.toString())).isEqualTo(outcome);
  }

  @Test
  void showsTheModulesOfABuildAndKeepsItsLog() throws Exception {
    Path project = projectWhoseMavenSays("echo '[INFO] Building schemas 0.1.0      [1/2]'; exit 0");
    Outcome outcome = run(project, "./millrace", "build");
    assertThat(outcome.said()).contains("\nBuilding 1/2 schemas\nBuilt in ");
    assertThat(outcome.status()).isZero();
    assertThat(project.resolve("standalone/target/build.log"))
        .content()
        .contains("[INFO] Building schemas")
        .doesNotContain("tick");
  }

  @Test
  void endsWithTheLogOfABuildThatFails() throws Exception {
    Path project = projectWhoseMavenSays("echo '[ERROR] no such symbol'; exit 1");
    Outcome outcome = run(project, "./millrace", "build");
    assertThat(outcome.said()).contains("The build failed").contains("[ERROR] no such symbol");
    assertThat(outcome.status()).isEqualTo(1);
    assertThat(run(project, "./millrace", "build").said())
        .as("the lock is given back")
        .contains("The build failed");
  }

  /** A project with the launcher, and instead of Maven a shell script that has built before. */
  private Path projectWhoseMavenSays(String script) throws IOException {
    Path project = Files.createDirectories(temporary.resolve("another project"));
    Files.createDirectories(project.resolve(".mvn"));
    Files.copy(PROJECT.resolve(".mvn/find-jdk.sh"), project.resolve(".mvn/find-jdk.sh"));
    Files.copy(
        PROJECT.resolve("millrace"),
        project.resolve("millrace"),
        StandardCopyOption.COPY_ATTRIBUTES);
    Path lib = Files.createDirectories(project.resolve("standalone/target/dist/lib"));
    Files.createFile(lib.resolve("standalone-0.1.0.jar"));
    Files.createFile(lib.resolve("cli-0.1.0.jar"));
    Path maven = Files.writeString(project.resolve("mvnw"), "#!/bin/sh\n" + script + "\n");
    assertThat(maven.toFile().setExecutable(true)).isTrue();
    return project;
  }

  private static List<Path> shippedMavens() throws IOException {
    try (var files = Files.list(PROJECT.resolve(".mvn"))) {
      return files.filter(file -> file.toString().endsWith("-bin.zip")).toList();
    }
  }

  private static Outcome run(Path directory, String... command) throws Exception {
    return Outcome.of(start(directory, command));
  }

  private static Process start(Path directory, String... command) throws IOException {
    return new ProcessBuilder(command)
        .directory(directory.toFile())
        .redirectErrorStream(true)
        .start();
  }

  private record Outcome(int status, String said) {

    static Outcome of(Process process) throws Exception {
      String said =
          new String(
              process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
      return new Outcome(process.waitFor(), said);
    }
  }
}
