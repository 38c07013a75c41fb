package io.millrace.embedded;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * Runs the embedded platform, or one part of it, as a process of its own until SIGTERM or SIGINT:
 *
 * <pre>{@code kafka|postgres|s3|all --data DIR [--kafka-port N] [--postgres-port N] [--s3-port N]
 *     [--postgres-binaries DIR]}
 * </pre>
 *
 * It prints {@code ready <part> <address> <milliseconds> ms} for each part and then {@code ready}.
 * Exit status 1: a part did not start, and why is on standard error; 2: the command line was wrong.
 */
public final class EmbeddedMain {

  private static final String USAGE =
      "usage: kafka|postgres|s3|all --data DIR [--kafka-port N] [--postgres-port N] [--s3-port N]"
          + " [--postgres-binaries DIR]";

  private static final Duration START_TIMEOUT = Duration.ofMinutes(2);
  private static final String LOGGING = "logback.configurationFile";

  private EmbeddedMain() {}

  /** Starts what the arguments name and waits. */
  public static void main(String[] arguments) throws InterruptedException {
    if (System.getProperty(LOGGING) == null) {
      System.setProperty(LOGGING, "io/millrace/embedded/logback-quiet.xml");
    }
    String part;
    EmbeddedPlatformSettings settings;
    try {
      part = arguments.length == 0 ? "" : arguments[0];
      settings = parse(arguments);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage() + "\n" + USAGE);
      System.exit(2);
      return;
    }
    CompletableFuture<AutoCloseable> running = new CompletableFuture<>();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(running), "embedded-close"));
    try {
      running.complete(
          switch (part) {
            case "kafka" -> EmbeddedKafka.start(settings);
            case "postgres" -> EmbeddedPostgres.start(settings);
            case "s3" -> EmbeddedS3.start(settings);
            default -> EmbeddedPlatform.start(settings);
          });
    } catch (EmbeddedStartException e) {
      running.completeExceptionally(e);
      System.err.println(e.getMessage());
      System.exit(1);
      return;
    }
    System.out.println("ready");
    new CountDownLatch(1).await();
  }

  static EmbeddedPlatformSettings parse(String[] arguments) {
    if (arguments.length == 0 || !arguments[0].matches("kafka|postgres|s3|all")) {
      throw new IllegalArgumentException("the first argument says what to run");
    }
    Path data = null;
    Path binaries = null;
    int kafka = 0;
    int postgres = 0;
    int s3 = 0;
    for (int i = 1; i < arguments.length; i += 2) {
      if (i + 1 == arguments.length) {
        throw new IllegalArgumentException(arguments[i] + " needs a value");
      }
      String value = arguments[i + 1];
      switch (arguments[i]) {
        case "--data" -> data = Path.of(value);
        case "--postgres-binaries" -> binaries = Path.of(value);
        case "--kafka-port" -> kafka = port(value);
        case "--postgres-port" -> postgres = port(value);
        case "--s3-port" -> s3 = port(value);
        default -> throw new IllegalArgumentException("unknown option " + arguments[i]);
      }
    }
    if (data == null) {
      throw new IllegalArgumentException("--data is missing");
    }
    EmbeddedPlatformSettings settings =
        EmbeddedPlatformSettings.in(data)
            .withPorts(kafka, postgres, s3)
            .withListener(
                (part, address, took) ->
                    System.out.println(
                        "ready " + part + " " + address + " " + took.toMillis() + " ms"));
    return binaries == null ? settings : settings.withPostgresBinaries(binaries);
  }

  private static int port(String value) {
    try {
      return Integer.parseInt(value);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("not a port: " + value, e);
    }
  }

  /** A signal may come while it starts: what has been started by then must be stopped as well. */
  private static void close(CompletableFuture<AutoCloseable> running) {
    try {
      running.get(START_TIMEOUT.toSeconds(), TimeUnit.SECONDS).close();
    } catch (ExecutionException e) {
      // It did not start, and has said so.
    } catch (Exception e) {
      System.err.println("not closed cleanly: " + e);
    }
  }
}
