package io.millrace.cli;

import io.millrace.cli.Terminal.Style;
import io.millrace.cli.porting.ExportCheck;
import io.millrace.cli.porting.Patience;
import io.millrace.cli.porting.Porting;
import io.millrace.cli.porting.PortingFailure;
import io.millrace.cli.porting.Progress;
import io.millrace.cli.porting.Report;
import io.millrace.cli.porting.Selection;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import picocli.CommandLine.Option;

/** What import and export have in common: what is wanted, how it goes on, how it is reported. */
final class PortingOptions {

  @Option(
      names = "--experiments",
      split = ",",
      paramLabel = "NAME",
      description = "Only these, by name or id; * stands for any text.")
  List<String> experiments = new ArrayList<>();

  @Option(
      names = "--models",
      split = ",",
      paramLabel = "NAME",
      description =
          "Only these registered models, with the runs their versions are from; * for any text.")
  List<String> models = new ArrayList<>();

  @Option(
      names = "--since",
      paramLabel = "TIME",
      description = "Only runs that started then or later: 2026-01-31 or 2026-01-31T08:00:00Z.")
  String since = "";

  @Option(
      names = "--parallel",
      paramLabel = "N",
      description = "Runs that are copied at the same time (default: ${DEFAULT-VALUE}).")
  int parallel = 4;

  @Option(names = "--tries", hidden = true, paramLabel = "N")
  int tries = Patience.USUAL.tries();

  @Option(names = "--json", description = "The report as JSON.")
  boolean json;

  Porting porting(Terminal terminal) {
    if (parallel < 1 || parallel > 64) {
      throw new CliFailure(2, "--parallel takes 1 to 64.");
    }
    return new Porting(
        new Selection(experiments, models, millis(since)),
        parallel,
        new Patience(tries, Patience.USUAL.firstPause(), Patience.USUAL.longestPause()),
        json ? (done, total, soFar) -> {} : progress(terminal));
  }

  private static Progress progress(Terminal terminal) {
    return (done, total, soFar) ->
        terminal.progress(
            "copying",
            done,
            Math.max(1, total),
            "%d runs, %d files, %s"
                .formatted(
                    soFar.count(Report.Count.RUNS),
                    soFar.count(Report.Count.FILES),
                    size(soFar.count(Report.Count.BYTES))));
  }

  private static String size(long bytes) {
    var units = List.of("bytes", "kB", "MB", "GB", "TB");
    double value = bytes;
    int unit = 0;
    while (value >= 1000 && unit < units.size() - 1) {
      value /= 1000;
      unit++;
    }
    return unit == 0 ? bytes + " bytes" : "%.1f %s".formatted(value, units.get(unit));
  }

  private static long millis(String time) {
    if (time.isBlank()) {
      return Long.MIN_VALUE;
    }
    try {
      return time.contains("T")
          ? Instant.parse(time).toEpochMilli()
          : LocalDate.parse(time).atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli();
    } catch (DateTimeParseException e) {
      throw new CliFailure(2, "--since takes a time like 2026-01-31 or 2026-01-31T08:00:00Z.");
    }
  }

  /** Does the work and tells of it: 0 where everything was copied, 1 where something failed. */
  int tell(Terminal terminal, boolean dryRun, Supplier<Report> work) {
    Report report;
    try {
      report = work.get();
    } catch (PortingFailure e) {
      terminal.endProgress();
      throw new CliFailure(String.valueOf(e.getMessage()));
    }
    terminal.endProgress();
    if (json) {
      terminal.line(report.json());
      return report.failed().isEmpty() ? 0 : 1;
    }
    terminal.line(dryRun ? "Would be looked at:" : "Copied:");
    for (var count : Report.Count.values()) {
      var n = report.count(count);
      if (n > 0) {
        terminal.line(String.format(Locale.ROOT, "  %,12d  %s", n, count.words()));
      }
    }
    remarks(terminal, "Left out:", report.leftOut(), Style.YELLOW);
    remarks(terminal, "Failed, to be tried again by the same command:", report.failed(), Style.RED);
    if (report.more() > 0) {
      terminal.line("  and %d more".formatted(report.more()));
    }
    return report.failed().isEmpty() ? 0 : 1;
  }

  private static void remarks(
      Terminal terminal, String title, List<Report.Remark> remarks, Style style) {
    if (!remarks.isEmpty()) {
      terminal.line(terminal.styled(style, title));
      remarks.forEach(remark -> terminal.line("  - " + remark.what() + ": " + remark.why()));
    }
  }

  /** Checks an export: 0 where all is well. */
  static int check(Terminal terminal, Path directory) {
    try {
      var result = ExportCheck.check(directory);
      result.problems().forEach(problem -> terminal.line("  - " + problem));
      terminal.line(
          result.problems().isEmpty()
              ? "%s is whole: %d files have the SHA-256 they were written with."
                  .formatted(directory, result.files())
              : "%s is not as it was written.".formatted(directory));
      return result.problems().isEmpty() ? 0 : 1;
    } catch (PortingFailure e) {
      throw new CliFailure(String.valueOf(e.getMessage()));
    }
  }
}
