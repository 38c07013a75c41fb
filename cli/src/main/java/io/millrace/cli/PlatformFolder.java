package io.millrace.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * The folder that holds everything of a standalone platform, and the note in it that says which
 * process runs it.
 */
public final class PlatformFolder {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Path path;

  public PlatformFolder(Path path) {
    this.path = path.toAbsolutePath().normalize();
  }

  /** The folder named by `MILLRACE_HOME`, else `.millrace` in the working directory. */
  public static PlatformFolder fromEnvironment() {
    var home = System.getenv("MILLRACE_HOME");
    return new PlatformFolder(Path.of(home == null || home.isBlank() ? ".millrace" : home));
  }

  /**
   * A running platform.
   *
   * @param pid its process
   * @param gateway the gateway's address
   * @param kafka Kafka's bootstrap address
   * @param startedAt when it became ready
   */
  public record Running(long pid, URI gateway, String kafka, Instant startedAt) {}

  /** The folder itself, absolute. */
  public Path path() {
    return path;
  }

  /** Where the log of the platform's process is. */
  public Path log() {
    return path.resolve("platform.log");
  }

  private Path note() {
    return path.resolve("platform.json");
  }

  /** The platform that runs on this folder now, if its process is alive. */
  public Optional<Running> running() {
    try {
      if (!Files.exists(note())) {
        return Optional.empty();
      }
      var node = JSON.readTree(Files.readString(note()));
      var running =
          new Running(
              node.path("pid").asLong(),
              URI.create(node.path("gateway").asString("")),
              node.path("kafka").asString(""),
              Instant.parse(node.path("startedAt").asString("")));
      return ProcessHandle.of(running.pid()).filter(ProcessHandle::isAlive).map(process -> running);
    } catch (IOException
        | JacksonException
        | IllegalArgumentException
        | java.time.DateTimeException e) {
      return Optional.empty();
    }
  }

  /**
   * Notes which process runs the platform; replaced as a whole, so that no reader sees half of it.
   */
  public void write(Running running) {
    try {
      Files.createDirectories(path);
      var json = JSON.createObjectNode();
      json.put("pid", running.pid());
      json.put("gateway", running.gateway().toString());
      json.put("kafka", running.kafka());
      json.put("startedAt", running.startedAt().toString());
      var half = path.resolve("platform.json.new");
      Files.writeString(half, json.toString());
      Files.move(half, note(), StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Cannot write to " + path + ". Choose another folder with MILLRACE_HOME.", e);
    }
  }

  /** Forgets the running platform. */
  public void clear() {
    try {
      Files.deleteIfExists(note());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
