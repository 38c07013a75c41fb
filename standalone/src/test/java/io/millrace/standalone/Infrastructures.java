package io.millrace.standalone;

import io.millrace.embedded.EmbeddedPostgres;
import io.millrace.embedded.EmbeddedS3;
import io.millrace.embedded.Port;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Broker, database and object store, each in a process of its own, so that each can be killed
 * alone.
 */
final class Infrastructures implements AutoCloseable {

  /** A part of the infrastructure. */
  enum Part {
    KAFKA,
    POSTGRES,
    S3;

    String key() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final Path lib;
  private final Path data;
  private final Map<Part, Integer> ports = new EnumMap<>(Part.class);
  private final Map<Part, Process> processes = new EnumMap<>(Part.class);

  Infrastructures(Path lib, Path data) {
    this.lib = lib;
    this.data = data;
    for (var part : Part.values()) {
      ports.put(part, Port.claim(part.key(), 0));
    }
  }

  /** Starts parts and waits until each says that it is ready. */
  void start(Part... parts) {
    for (var part : parts) {
      processes.put(part, launch(part));
    }
    for (var part : parts) {
      awaitReady(part);
    }
  }

  Wiring.Infrastructure addresses() {
    var keys = EmbeddedS3.keys(data);
    return new Wiring.Infrastructure(
        "127.0.0.1:" + ports.get(Part.KAFKA),
        "jdbc:postgresql://127.0.0.1:" + ports.get(Part.POSTGRES) + "/" + EmbeddedPostgres.DATABASE,
        EmbeddedPostgres.USER,
        EmbeddedPostgres.password(data),
        "http://127.0.0.1:" + ports.get(Part.S3),
        keys.accessKey(),
        keys.secretKey());
  }

  /** Kills a part as `kill -9` does; of the database the server itself too. */
  void kill(Part part) {
    var process = processes.get(part);
    var children = process.descendants().toList();
    process.destroyForcibly();
    if (part == Part.POSTGRES) {
      children.forEach(ProcessHandle::destroyForcibly);
      postmaster().ifPresent(ProcessHandle::destroyForcibly);
    }
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private java.util.Optional<ProcessHandle> postmaster() {
    try (var files = Files.walk(data.resolve("postgres"))) {
      for (var file : files.filter(path -> path.endsWith("postmaster.pid")).toList()) {
        return ProcessHandle.of(Long.parseLong(Files.readAllLines(file).getFirst().strip()));
      }
      return java.util.Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Path log(Part part) {
    return data.resolve(part.key() + ".log");
  }

  private Process launch(Part part) {
    try {
      Files.createDirectories(data);
      Files.deleteIfExists(log(part));
      var process =
          new ProcessBuilder(
                  List.of(
                      Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                      "-XX:+UseSerialGC",
                      "-XX:TieredStopAtLevel=1",
                      "-Xmx256m",
                      "-cp",
                      lib.resolve("*").toString(),
                      "io.millrace.embedded.EmbeddedMain",
                      part.key(),
                      "--data",
                      data.toString(),
                      "--" + part.key() + "-port",
                      Integer.toString(ports.get(part))))
              .redirectErrorStream(true)
              .redirectOutput(log(part).toFile())
              .start();
      process.getOutputStream().close();
      return process;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void awaitReady(Part part) {
    var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
    try {
      while (!Files.exists(log(part)) || !Files.readAllLines(log(part)).contains("ready")) {
        if (!processes.get(part).isAlive() || System.nanoTime() > deadline) {
          throw new IllegalStateException(part + " did not start:\n" + Files.readString(log(part)));
        }
        Thread.sleep(100);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    processes.values().forEach(Process::destroy);
    for (var process : processes.values()) {
      try {
        if (!process.waitFor(20, TimeUnit.SECONDS)) {
          process.destroyForcibly();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
