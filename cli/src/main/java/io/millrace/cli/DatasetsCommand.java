package io.millrace.cli;

import java.io.OutputStream;
import java.io.PrintStream;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;
import tools.jackson.databind.JsonNode;

/** Stores, fetches, shows and compares dataset versions. */
@Command(
    name = "datasets",
    description = "Store, fetch, show, compare and verify dataset versions.",
    subcommands = {
      DatasetPushCommand.class,
      DatasetPullCommand.class,
      DatasetListCommand.class,
      DatasetShowCommand.class,
      DatasetDiffCommand.class,
      DatasetVerifyCommand.class,
    })
final class DatasetsCommand implements Runnable {

  @ParentCommand @Nullable Millrace millrace;

  Millrace root() {
    return Objects.requireNonNull(millrace);
  }

  @Override
  public void run() {
    var list = new DatasetListCommand();
    list.datasets = this;
    list.call();
  }

  static String at(String name, String version) {
    return "/api/v1/datasets/"
        + GatewayClient.encode(name)
        + "/versions/"
        + GatewayClient.encode(version);
  }

  /** Where the output is JSON, nothing else is in it. */
  static Terminal quiet(Terminal terminal, boolean json) {
    return json
        ? new Terminal(new PrintStream(OutputStream.nullOutputStream(), false), false)
        : terminal;
  }

  static String bytes(long bytes) {
    if (bytes < 1000) {
      return bytes + " B";
    }
    var value = (double) bytes;
    var unit = -1;
    while (value >= 999.95) {
      value /= 1000;
      unit++;
    }
    return String.format(Locale.ROOT, "%.1f %cB", value, "kMGTPE".charAt(unit));
  }

  static String files(int count) {
    return count == 1 ? "1 file" : count + " files";
  }

  static String describe(JsonNode version) {
    return "dataset   %s version %d, %d rows, sha256 %.12s…%s"
        .formatted(
            Story.text(version, "name"),
            version.path("version").asInt(),
            version.path("rows").asLong(),
            Story.text(version, "digest"),
            version.path("created").asBoolean() ? "" : " (stored before)");
  }
}
