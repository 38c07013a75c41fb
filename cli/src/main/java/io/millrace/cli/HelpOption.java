package io.millrace.cli;

import picocli.CommandLine.Option;

/**
 * Help for a command that has a `--version` of its own, which keeps the standard help options out.
 */
final class HelpOption {

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help message and exit.")
  boolean asked;
}
