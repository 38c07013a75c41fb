package io.millrace.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Memory as the operating system and the JVM count it. */
final class Memory {

  /** As in `Pause Young (Normal) (G1 Evacuation Pause) 131M->42M(256M) 3.1ms`. */
  private static final Pattern BEFORE_COLLECTION = Pattern.compile(" (\\d+)M->\\d+M\\(");

  private Memory() {}

  /** Resident memory of one process in bytes. */
  static long resident(ProcessHandle process) {
    var kilobytes =
        Report.output(List.of("ps", "-o", "rss=", "-p", Long.toString(process.pid()))).strip();
    return kilobytes.isEmpty() ? 0 : Long.parseLong(kilobytes) * 1024;
  }

  /** Resident memory of a process and all it started, in bytes; pages they share count in each. */
  static long residentWithChildren(ProcessHandle process) {
    return Stream.concat(Stream.of(process), process.descendants())
        .mapToLong(Memory::resident)
        .sum();
  }

  /** The most heap in use before any collection, in bytes, by a JVM's log of its collector. */
  static long peakHeap(Path collectorLog) throws IOException {
    try (var lines = Files.lines(collectorLog)) {
      return lines
          .map(BEFORE_COLLECTION::matcher)
          .filter(Matcher::find)
          .mapToLong(found -> Long.parseLong(found.group(1)) << 20)
          .max()
          .orElse(0);
    }
  }

  /** Bytes that processes have caused to be written to disk; 0 where the system does not say. */
  static long written(ProcessHandle... processes) throws IOException {
    long all = 0;
    for (var process : processes) {
      var counters = Path.of("/proc", Long.toString(process.pid()), "io");
      if (Files.isReadable(counters)) {
        all +=
            Files.readAllLines(counters).stream()
                .filter(line -> line.startsWith("write_bytes:"))
                .mapToLong(line -> Long.parseLong(line.substring("write_bytes:".length()).strip()))
                .sum();
      }
    }
    return all;
  }

  static String megabytes(long bytes) {
    return bytes / 1_000_000 + " MB";
  }
}
