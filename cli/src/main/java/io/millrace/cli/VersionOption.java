package io.millrace.cli;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Which version of a dataset. Its name is one of the standard help options, so that it brings the
 * other.
 */
final class VersionOption {

  @Option(
      names = "--version",
      paramLabel = "N",
      defaultValue = "latest",
      description = "Which (default: ${DEFAULT-VALUE}).")
  String version = "latest";

  @Mixin HelpOption help = new HelpOption();

  /** Where this version of a dataset is in the API. */
  String path(String dataset) {
    return DatasetsCommand.at(dataset, version);
  }
}
