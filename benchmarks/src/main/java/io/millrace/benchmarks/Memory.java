package io.millrace.benchmarks;

import java.util.List;
import java.util.stream.Stream;

/** Resident memory as the operating system counts it. */
final class Memory {

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

  static String megabytes(long bytes) {
    return bytes / 1_000_000 + " MB";
  }
}
