package io.millrace.standalone;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Every service in a process of its own, from its own jar, found by environment variables alone:
 * what compose and Kubernetes do, without containers. Used to prove that services can die alone,
 * and to weigh each of them. Not safe for concurrent use.
 */
public final class SeparateProcesses implements AutoCloseable {

  private static final Duration READY_WITHIN = Duration.ofSeconds(120);
  private static final Duration STOPPED_WITHIN = Duration.ofSeconds(20);

  private final Path lib;
  private final Path logs;
  private final Wiring wiring;
  private final List<String> jvmFlags;
  private final Map<Service, Process> processes = new EnumMap<>(Service.class);
  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build();

  /**
   * @param lib the distribution's folder of jars
   * @param logs folder for each service's output
   * @param wiring who finds whom where
   * @param jvmFlags flags of every service's JVM
   */
  public SeparateProcesses(Path lib, Path logs, Wiring wiring, List<String> jvmFlags) {
    this.lib = lib;
    this.logs = logs;
    this.wiring = wiring;
    this.jvmFlags = List.copyOf(jvmFlags);
  }

  /** Starts services without waiting for them. */
  public void start(Service... services) {
    for (var service : services) {
      processes.put(service, launch(service));
    }
  }

  /** Waits until services are ready; a failure carries the end of the service's output. */
  public void awaitReady(Service... services) {
    var deadline = System.nanoTime() + READY_WITHIN.toNanos();
    for (var service : services) {
      while (!isReady(service)) {
        var process = processes.get(service);
        if (process != null && !process.isAlive()) {
          throw new IllegalStateException(service.module() + " ended:\n" + lastOutput(service));
        }
        if (System.nanoTime() > deadline) {
          throw new IllegalStateException(
              service.module() + " is not ready:\n" + lastOutput(service));
        }
        pause();
      }
    }
  }

  /** True where a service answers that it is ready. */
  public boolean isReady(Service service) {
    try {
      var request =
          HttpRequest.newBuilder(URI.create(wiring.address(service) + "/actuator/health/readiness"))
              .timeout(Duration.ofSeconds(2))
              .build();
      return http.send(request, BodyHandlers.ofString()).statusCode() == 200;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted", e);
    }
  }

  /** Kills a service as `kill -9` does and waits until it is gone. */
  public void kill(Service service) {
    var process = process(service);
    process.destroyForcibly();
    try {
      process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted", e);
    }
  }

  /** A service's process. */
  public Process process(Service service) {
    var process = processes.get(service);
    if (process == null) {
      throw new IllegalStateException(service.module() + " was not started");
    }
    return process;
  }

  /** The gateway's address. */
  public URI gateway() {
    return wiring.address(Service.GATEWAY);
  }

  /** The end of what a service printed. */
  public String lastOutput(Service service) {
    try {
      var lines = Files.readAllLines(log(service));
      return String.join("\n", lines.subList(Math.max(0, lines.size() - 60), lines.size()));
    } catch (IOException e) {
      return "(no output: " + e.getMessage() + ")";
    }
  }

  private Path log(Service service) {
    return logs.resolve(service.module() + ".log");
  }

  private Process launch(Service service) {
    try {
      Files.createDirectories(logs);
      var command = new ArrayList<String>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(jvmFlags);
      command.add("-jar");
      command.add(jar(service).toString());
      var builder =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(log(service).toFile()));
      builder.environment().putAll(wiring.environment(service));
      var process = builder.start();
      process.getOutputStream().close();
      return process;
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot start " + service.module(), e);
    }
  }

  private Path jar(Service service) throws IOException {
    try (var jars = Files.newDirectoryStream(lib, service.module() + "-[0-9]*.jar")) {
      for (var jar : jars) {
        return jar;
      }
    }
    throw new IllegalStateException(
        "There is no " + service.module() + " jar in " + lib + "; build with ./mvnw package.");
  }

  private static void pause() {
    try {
      Thread.sleep(100);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted", e);
    }
  }

  /** Stops every service: politely first. */
  @Override
  public void close() {
    processes.values().forEach(Process::destroy);
    for (var entry : processes.entrySet()) {
      if (!stopped(entry.getValue())) {
        entry.getValue().destroyForcibly();
      }
    }
    http.shutdownNow();
  }

  private static boolean stopped(@Nullable Process process) {
    try {
      return process == null || process.waitFor(STOPPED_WITHIN.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
