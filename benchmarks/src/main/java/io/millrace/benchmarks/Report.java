package io.millrace.benchmarks;

import io.millrace.cli.Terminal;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What was measured, on what, by which command: a table on the terminal and a file in
 * `benchmarks/results`.
 */
final class Report {

  private final String name;
  private final String command;
  private final List<List<@Nullable String>> rows = new ArrayList<>();

  Report(String name, String command) {
    this.name = name;
    this.command = command;
  }

  /**
   * One line.
   *
   * @param what what was measured
   * @param value the result with its unit
   * @param goal what it is to reach; empty where there is none
   * @param reached whether it does; null where there is no goal
   * @param baseline what it is compared with, measured in this run; empty where there is nothing to
   *     compare with
   */
  void add(String what, String value, String goal, @Nullable Boolean reached, String baseline) {
    rows.add(List.of(what, value, goal, reached == null ? "" : reached ? "yes" : "NO", baseline));
  }

  void print(Terminal terminal) {
    terminal.table(0, header(), rows);
  }

  private static List<String> header() {
    return List.of("measure", "result", "goal", "reached", "baseline in this run");
  }

  /** Writes `NAME.md` into the folder. */
  Path write(Path folder) throws IOException {
    Files.createDirectories(folder);
    var text = new StringBuilder();
    text.append("# ").append(name).append("\n\n");
    text.append("Command: `")
        .append(command)
        .append("`, on ")
        .append(LocalDate.now(ZoneOffset.UTC))
        .append(".\n\n");
    text.append("| ").append(String.join(" | ", header())).append(" |\n|---|---|---|---|---|\n");
    for (var row : rows) {
      text.append("| ").append(String.join(" | ", row)).append(" |\n");
    }
    text.append("\nHardware: ")
        .append(hardware())
        .append("\n\nSoftware: ")
        .append(software())
        .append("\n");
    var file = folder.resolve(name + ".md");
    Files.writeString(file, text);
    return file;
  }

  private static String hardware() throws IOException {
    var system =
        (com.sun.management.OperatingSystemMXBean)
            java.lang.management.ManagementFactory.getOperatingSystemMXBean();
    return String.format(
        Locale.ROOT,
        "%s, %d processors, %.0f GiB memory, load average at the end %.1f",
        processor(),
        system.getAvailableProcessors(),
        system.getTotalMemorySize() / (double) (1L << 30),
        system.getSystemLoadAverage());
  }

  private static String processor() throws IOException {
    var info = Path.of("/proc/cpuinfo");
    if (Files.isReadable(info)) {
      try (var lines = Files.lines(info)) {
        return lines
            .filter(line -> line.startsWith("model name"))
            .map(line -> line.substring(line.indexOf(':') + 1).strip())
            .findFirst()
            .orElse(System.getProperty("os.arch"));
      }
    }
    return System.getProperty("os.arch");
  }

  private static String software() {
    return "%s %s, Java %s (%s), Millrace %s"
        .formatted(
            System.getProperty("os.name"),
            System.getProperty("os.version"),
            Runtime.version(),
            System.getProperty("java.vendor"),
            output(List.of("git", "rev-parse", "--short", "HEAD")));
  }

  static String output(List<String> command) {
    try {
      var process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      try (var reader =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
        var text = String.join("\n", reader.lines().toList());
        process.waitFor();
        return text;
      }
    } catch (IOException e) {
      return "(unknown)";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "(unknown)";
    }
  }
}
