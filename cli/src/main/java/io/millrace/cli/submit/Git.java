package io.millrace.cli.submit;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The git program, run in one folder. It asks nothing and changes nothing of the repository. */
final class Git {

  /** Settings of the user that would change what is packed. */
  private static final List<String> SETTINGS =
      List.of(
          "-c", "core.quotePath=false",
          "-c", "core.autocrlf=false",
          "-c", "tar.umask=0002",
          "-c", "diff.noprefix=false",
          "-c", "diff.mnemonicPrefix=false",
          "-c", "filter.lfs.smudge=",
          "-c", "filter.lfs.clean=",
          "-c", "filter.lfs.process=",
          "-c", "filter.lfs.required=false");

  private final Path folder;
  private final String program;
  private final Map<String, String> environment;

  Git(Path folder, String program) {
    this(folder, program, Map.of());
  }

  private Git(Path folder, String program, Map<String, String> environment) {
    this.folder = folder;
    this.program = program;
    this.environment = environment;
  }

  Git with(Map<String, String> more) {
    return new Git(folder, program, more);
  }

  /**
   * What a call did.
   *
   * @param said standard output as text, without the line end
   */
  record Outcome(int status, byte[] output, String complaint) {
    String said() {
      return new String(output, StandardCharsets.UTF_8).stripTrailing();
    }
  }

  /** Standard output of a call that must succeed. */
  String ask(String... arguments) {
    var outcome = run(null, arguments);
    if (outcome.status() != 0) {
      throw new SubmitFailure(
          "git %s failed: %s".formatted(arguments[0], outcome.complaint().strip()));
    }
    return outcome.said();
  }

  /** Parts of the output that NUL characters end. */
  List<String> list(String... arguments) {
    var outcome = run(null, arguments);
    if (outcome.status() != 0) {
      throw new SubmitFailure(
          "git %s failed: %s".formatted(arguments[0], outcome.complaint().strip()));
    }
    List<String> parts = new ArrayList<>();
    for (var part : new String(outcome.output(), StandardCharsets.UTF_8).split("\0")) {
      if (!part.isEmpty()) {
        parts.add(part);
      }
    }
    return parts;
  }

  /** A call whose failure says something. */
  Outcome attempt(String... arguments) {
    return run(null, arguments);
  }

  /** A call that reads lines. */
  byte[] feed(String input, String... arguments) {
    var outcome = run(input, arguments);
    if (outcome.status() != 0) {
      throw new SubmitFailure(
          "git %s failed: %s".formatted(arguments[0], outcome.complaint().strip()));
    }
    return outcome.output();
  }

  /** Takes the output of a call as a stream, however long it is. */
  @FunctionalInterface
  interface Taker {
    void take(InputStream output) throws IOException;
  }

  void stream(Taker taker, String... arguments) {
    Path complaint = null;
    try {
      complaint = Files.createTempFile("git", ".err");
      var process = builder(arguments).redirectError(complaint.toFile()).start();
      process.getOutputStream().close();
      try (var output = process.getInputStream()) {
        taker.take(output);
      }
      if (process.waitFor() != 0) {
        throw new SubmitFailure(
            "git %s failed: %s".formatted(arguments[0], Files.readString(complaint).strip()));
      }
    } catch (IOException e) {
      throw failure(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SubmitFailure("Interrupted.", e);
    } finally {
      delete(complaint);
    }
  }

  private Outcome run(@Nullable String input, String... arguments) {
    Path complaint = null;
    Path lines = null;
    try {
      complaint = Files.createTempFile("git", ".err");
      var builder = builder(arguments).redirectError(complaint.toFile());
      if (input != null) {
        lines = Files.createTempFile("git", ".in");
        Files.writeString(lines, input);
        builder.redirectInput(lines.toFile());
      }
      var process = builder.start();
      if (input == null) {
        process.getOutputStream().close();
      }
      byte[] output;
      try (var stream = process.getInputStream()) {
        output = stream.readAllBytes();
      }
      return new Outcome(process.waitFor(), output, Files.readString(complaint));
    } catch (IOException e) {
      throw failure(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SubmitFailure("Interrupted.", e);
    } finally {
      delete(complaint);
      delete(lines);
    }
  }

  private ProcessBuilder builder(String... arguments) {
    List<String> command = new ArrayList<>(List.of(program, "-C", folder.toString()));
    command.addAll(SETTINGS);
    command.addAll(List.of(arguments));
    var builder = new ProcessBuilder(command);
    builder.environment().put("LC_ALL", "C");
    builder.environment().put("GIT_TERMINAL_PROMPT", "0");
    builder.environment().put("GIT_OPTIONAL_LOCKS", "0");
    builder.environment().putAll(environment);
    return builder;
  }

  private SubmitFailure failure(IOException e) {
    return String.valueOf(e.getMessage()).contains("Cannot run program")
        ? new SubmitFailure(
            "The git program is missing (looked for '%s'). Install git and put it on the PATH."
                .formatted(program),
            e)
        : new SubmitFailure("git could not be used: " + e.getMessage(), e);
  }

  private static void delete(@Nullable Path file) {
    try {
      if (file != null) {
        Files.deleteIfExists(file);
      }
    } catch (IOException leftInTheTemporaryFolder) {
      return;
    }
  }
}
