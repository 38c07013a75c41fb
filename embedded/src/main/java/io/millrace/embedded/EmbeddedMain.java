package io.millrace.embedded;

import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/**
 * Runs the embedded platform, or one part of it, as a process of its own until SIGTERM or SIGINT:
 *
 * <pre>{@code kafka|postgres|s3|all --data DIR [--kafka-port N] [--postgres-port N] [--s3-port N]}
 * </pre>
 *
 * It prints {@code ready <part> <address> <milliseconds> ms} for each part and then {@code ready}.
 * Exit status 1: a part did not start, and why is on standard error; 2: the command line was wrong.
 */
public final class EmbeddedMain {

  private static final String USAGE =
      "usage: kafka|postgres|s3|all --data DIR [--kafka-port N] [--postgres-port N] [--s3-port N]";

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
    AutoCloseable running;
    try {
      running =
          switch (part) {
            case "kafka" -> EmbeddedKafka.start(settings);
            case "postgres" -> EmbeddedPostgres.start(settings);
            case "s3" -> EmbeddedS3.start(settings);
            default -> EmbeddedPlatform.start(settings);
          };
    } catch (EmbeddedStartException e) {
      System.err.println(e.getMessage());
      System.exit(1);
      return;
    }
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(running), "embedded-close"));
    System.out.println("ready");
    new CountDownLatch(1).await();
  }

  static EmbeddedPlatformSettings parse(String[] arguments) {
    if (arguments.length == 0 || !arguments[0].matches("kafka|postgres|s3|all")) {
      throw new IllegalArgumentException("the first argument says what to run");
    }
    Path data = null;
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
        case "--kafka-port" -> kafka = port(value);
        case "--postgres-port" -> postgres = port(value);
        case "--s3-port" -> s3 = port(value);
        default -> throw new IllegalArgumentException("unknown option " + arguments[i]);
      }
    }
    if (data == null) {
      throw new IllegalArgumentException("--data is missing");
    }
    return EmbeddedPlatformSettings.in(data)
        .withPorts(kafka, postgres, s3)
        .withListener(
            (part, address, took) ->
                System.out.println(
                    "ready " + part + " " + address + " " + took.toMillis() + " ms"));
  }

  private static int port(String value) {
    try {
      return Integer.parseInt(value);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("not a port: " + value, e);
    }
  }

  private static void close(AutoCloseable running) {
    try {
      running.close();
    } catch (Exception e) {
      System.err.println("not closed cleanly: " + e);
    }
  }
}
