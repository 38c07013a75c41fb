package io.millrace.cli;

import picocli.CommandLine.Option;

/** How many files or parts go at a time. */
final class ParallelOption {

  private static final int MOST = 64;

  @Option(
      names = "--parallel",
      paramLabel = "N",
      defaultValue = "8",
      description = "Files and parts handled at a time (default: ${DEFAULT-VALUE}).")
  int parallel = 8;

  int checked() {
    if (parallel < 1 || parallel > MOST) {
      throw new CliFailure("--parallel is %d, not 1 to %d.".formatted(parallel, MOST));
    }
    return parallel;
  }
}
