package io.millrace.standalone;

import io.millrace.cli.CliFailure;
import io.millrace.cli.Millrace;
import io.millrace.cli.PlatformFolder;
import io.millrace.cli.Terminal;
import io.millrace.cli.Terminal.Style;
import io.millrace.embedded.EmbeddedStartException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The commands that start a platform in this process: `up` and `demo`. */
@Command(
    name = "millrace",
    subcommands = {Standalone.Up.class, Standalone.DemoCommand.class})
public final class Standalone {

  /** Options of both commands. */
  static final class StartOptions {

    @Option(
        names = "--port",
        paramLabel = "PORT",
        description = "The gateway's port (default: ${DEFAULT-VALUE}; 0: any free one).")
    int port = 8080;

    @Option(
        names = "--kafka-port",
        paramLabel = "PORT",
        description = "Kafka's port (default: ${DEFAULT-VALUE}; 0: any free one).")
    int kafkaPort = 9092;
  }

  /** Starts everything and stays. */
  @Command(
      name = "up",
      mixinStandardHelpOptions = true,
      description = "Start everything in one process.")
  static final class Up implements Callable<Integer> {

    @Mixin StartOptions options = new StartOptions();

    @Option(
        names = {"-d", "--detach"},
        description = "Go on in the background; `./millrace down` stops it.")
    boolean detach;

    @Override
    public Integer call() throws InterruptedException {
      var session = new Session(options);
      if (detach) {
        return session.startInBackground();
      }
      session.start();
      session.terminal.line("");
      session.terminal.line(
          "Ready. Next: ./millrace run samples/breast-cancer.yaml --data samples/breast-cancer.csv");
      session.terminal.line("Ctrl-C stops it; the data stays in " + session.folder.path() + ".");
      session.waitForSignal();
      return 0;
    }
  }

  /** Shows the whole journey. */
  @Command(
      name = "demo",
      mixinStandardHelpOptions = true,
      description =
          "Start everything and show the whole journey: one event in, a served and monitored model out.")
  static final class DemoCommand implements Callable<Integer> {

    @Mixin StartOptions options = new StartOptions();

    @Option(names = "--exit", description = "Stop after the journey instead of staying up.")
    boolean exit;

    @Override
    public Integer call() throws InterruptedException {
      var session = new Session(options);
      var platform = session.start();
      var done = new Demo(platform, session.terminal, session.folder.path()).run();
      if (exit || !done) {
        session.stop();
        return done ? 0 : 1;
      }
      session.terminal.line("");
      session.terminal.line(
          "It stays up. Ctrl-C stops it; the data stays in " + session.folder.path() + ".");
      session.waitForSignal();
      return 0;
    }
  }

  /** One start of the platform, with what a person sees of it. */
  private static final class Session {

    private static final Duration BACKGROUND_START = Duration.ofSeconds(120);

    private final StartOptions options;
    private final Terminal terminal = Terminal.standard();
    private final PlatformFolder folder = PlatformFolder.fromEnvironment();
    private final CountDownLatch stopped = new CountDownLatch(1);
    private final Platform platform;

    Session(StartOptions options) {
      this.options = options;
      this.platform =
          new Platform(new Platform.Settings(folder.path(), options.port, options.kafkaPort, true));
    }

    Platform start() {
      requireFree();
      prepareFolder();
      Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(this::stop));
      var begun = System.nanoTime();
      try {
        var started = platform.start(this::sayReady);
        folder.write(
            new PlatformFolder.Running(
                ProcessHandle.current().pid(), started.gateway(), started.kafka(), Instant.now()));
        terminal.line(
            terminal.styled(
                Style.GREEN,
                String.format(
                    Locale.ROOT,
                    "Everything is ready after %.1f s",
                    sinceJvmStart().toMillis() / 1000.0)));
        return started;
      } catch (EmbeddedStartException e) {
        throw new CliFailure(
            Objects.requireNonNullElse(e.getMessage(), "The embedded platform did not start."));
      } catch (RuntimeException e) {
        org.slf4j.LoggerFactory.getLogger(Standalone.class).error("The platform did not start", e);
        throw new CliFailure(
            "The platform did not start after %.1f s: %s\nThe log says more: %s"
                .formatted((System.nanoTime() - begun) / 1e9, rootMessage(e), folder.log()));
      }
    }

    /** Not the process's start: a launcher that built first is the same process. */
    private static Duration sinceJvmStart() {
      return Duration.ofMillis(
          System.currentTimeMillis() - ManagementFactory.getRuntimeMXBean().getStartTime());
    }

    private void sayReady(String part, String address, Duration took) {
      terminal.line(
          "  %-20s %-24s %s"
              .formatted(
                  part, address, String.format(Locale.ROOT, "%.1f s", took.toMillis() / 1000.0)));
    }

    private void requireFree() {
      folder
          .running()
          .filter(running -> running.pid() != ProcessHandle.current().pid())
          .ifPresent(
              running -> {
                throw new CliFailure(
                    "A platform already runs on %s: process %d, gateway %s. Stop it with `./millrace down`, or choose another folder with MILLRACE_HOME."
                        .formatted(folder.path(), running.pid(), running.gateway()));
              });
      requirePort("The gateway's", options.port, "--port");
      requirePort("Kafka's", options.kafkaPort, "--kafka-port");
    }

    private static void requirePort(String whose, int port, String option) {
      if (port == 0) {
        return;
      }
      try (var socket = new ServerSocket()) {
        socket.setReuseAddress(true);
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      } catch (IOException e) {
        throw new CliFailure(
            "%s port %d is taken by another program. Stop it, or choose another port, for example %s %d."
                .formatted(whose, port, option, port + 10));
      }
    }

    private void prepareFolder() {
      try {
        Files.createDirectories(folder.path());
      } catch (IOException e) {
        throw new CliFailure(
            "Cannot create "
                + folder.path()
                + ": "
                + e.getMessage()
                + ". Choose another folder with MILLRACE_HOME.");
      }
      System.setProperty("millrace.log", folder.log().toString());
      // Logging is this process's, set up once; eight contexts must not each set it up again.
      System.setProperty("org.springframework.boot.logging.LoggingSystem", "none");
    }

    void stop() {
      platform.close();
      folder.clear();
      stopped.countDown();
    }

    void waitForSignal() throws InterruptedException {
      stopped.await();
    }

    int startInBackground() throws InterruptedException {
      requireFree();
      prepareFolder();
      var command = new ArrayList<String>();
      var self = ProcessHandle.current().info();
      command.add(self.command().orElse("java"));
      self.arguments()
          .ifPresent(
              arguments -> {
                for (var argument : arguments) {
                  if (!argument.equals("-d") && !argument.equals("--detach")) {
                    command.add(argument);
                  }
                }
              });
      var output = folder.path().resolve("up.out").toFile();
      Process process;
      try {
        process =
            new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output).start();
        process.getOutputStream().close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      var deadline = System.nanoTime() + BACKGROUND_START.toNanos();
      while (System.nanoTime() < deadline) {
        var running = folder.running().filter(r -> r.pid() == process.pid());
        if (running.isPresent()) {
          terminal.line(
              "Ready: gateway %s, Kafka %s, process %d. Stop it with `./millrace down`."
                  .formatted(running.get().gateway(), running.get().kafka(), process.pid()));
          return 0;
        }
        if (!process.isAlive()) {
          throw new CliFailure("The platform did not start:\n" + lastLines(output.toPath()));
        }
        Thread.sleep(200);
      }
      process.destroy();
      throw new CliFailure(
          "The platform was not ready after %d s and was stopped. Its log: %s"
              .formatted(BACKGROUND_START.toSeconds(), folder.log()));
    }

    private static String lastLines(java.nio.file.Path file) {
      try {
        var lines = Files.readAllLines(file);
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 10), lines.size()));
      } catch (IOException e) {
        return "(" + file + " cannot be read: " + e.getMessage() + ")";
      }
    }

    private static String rootMessage(Throwable failure) {
      Throwable cause = failure;
      while (cause.getCause() != null && cause.getCause() != cause) {
        cause = cause.getCause();
      }
      return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }
  }

  public static void main(String[] args) {
    System.exit(Millrace.withErrorHandling(new CommandLine(new Standalone())).execute(args));
  }
}
