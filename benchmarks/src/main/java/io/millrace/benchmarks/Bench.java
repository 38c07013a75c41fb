package io.millrace.benchmarks;

import io.millrace.cli.Millrace;
import io.millrace.cli.Terminal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** `./millrace bench`: measures this machine. */
@Command(
    name = "millrace bench",
    mixinStandardHelpOptions = true,
    description = "Measure this machine; results go to benchmarks/results.",
    subcommands = {Bench.JourneyCommand.class, Bench.TrackingCommand.class})
public final class Bench implements Runnable {

  @Override
  public void run() {
    new CommandLine(this).usage(System.out);
  }

  /** Start time, memory, and the latencies of the journey. */
  @Command(
      name = "journey",
      mixinStandardHelpOptions = true,
      description = "Start time, memory, and the latencies from request to served prediction.")
  static final class JourneyCommand implements Callable<Integer> {

    @Option(
        names = "--out",
        paramLabel = "DIR",
        description = "Folder of the report (default: ${DEFAULT-VALUE}).")
    Path out = root().resolve("benchmarks/results");

    @Option(
        names = "--requests",
        paramLabel = "N",
        description = "Training requests measured (default: ${DEFAULT-VALUE}).")
    int requests = 20;

    @Option(
        names = "--predictions",
        paramLabel = "N",
        description = "Predictions measured (default: ${DEFAULT-VALUE}).")
    int predictions = 5000;

    @Override
    public Integer call() throws Exception {
      var terminal = Terminal.standard();
      var report = new JourneyBenchmark(root(), terminal, requests, predictions).run();
      report.print(terminal);
      terminal.line("Written to " + report.write(out));
      return 0;
    }
  }

  /** What MLflow clients do all day, beside the bare statements. */
  @Command(
      name = "tracking",
      mixinStandardHelpOptions = true,
      description = "Logging, searching and artifacts, beside the bare statements.")
  static final class TrackingCommand implements Callable<Integer> {

    @Option(
        names = "--out",
        paramLabel = "DIR",
        description = "Folder of the report (default: ${DEFAULT-VALUE}).")
    Path out = root().resolve("benchmarks/results");

    @Option(
        names = "--only",
        split = ",",
        paramLabel = "PART",
        description = "Some of ${COMPLETION-CANDIDATES} instead of all but LARGE.")
    List<TrackingBenchmark.Part> only = new ArrayList<>();

    @Option(
        names = "--runs",
        paramLabel = "N",
        split = ",",
        description =
            "Runs that are searched; several numbers, several experiments (default: ${DEFAULT-VALUE}).")
    List<Integer> runs = List.of(100_000);

    @Override
    public Integer call() throws Exception {
      var terminal = Terminal.standard();
      var command =
          "./millrace bench tracking"
              + (only.isEmpty() ? "" : " --only " + joined(only))
              + (runs.equals(List.of(100_000)) ? "" : " --runs " + joined(runs));
      var parts =
          only.isEmpty()
              ? EnumSet.complementOf(EnumSet.of(TrackingBenchmark.Part.LARGE))
              : EnumSet.copyOf(only);
      var report = new TrackingBenchmark(root(), terminal, parts, runs, command).run();
      report.print(terminal);
      terminal.line("Written to " + report.write(out));
      return 0;
    }
  }

  private static String joined(List<?> items) {
    return items.stream().map(Object::toString).collect(Collectors.joining(","));
  }

  static Path root() {
    return Path.of(System.getProperty("millrace.root", ".")).toAbsolutePath().normalize();
  }

  public static void main(String[] args) {
    System.exit(Millrace.withErrorHandling(new CommandLine(new Bench())).execute(args));
  }
}
