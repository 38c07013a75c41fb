package io.millrace.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import tools.jackson.databind.JsonNode;

/** Stores and shows dataset versions. */
@Command(name = "datasets", description = "Store and show dataset versions.")
final class DatasetsCommand implements Runnable {

  @ParentCommand @Nullable Millrace millrace;

  @Override
  public void run() {
    list();
  }

  @Command(description = "Store a CSV file as a version; the same content is stored once.")
  int push(
      @Parameters(paramLabel = "NAME", description = "Dataset name.") String name,
      @Parameters(paramLabel = "CSV", description = "The file.") Path csv) {
    var root = Objects.requireNonNull(millrace);
    try (var gateway = root.client()) {
      root.terminal().line(describe(gateway.pushDataset(name, csv)));
    }
    return 0;
  }

  @Command(description = "List the datasets and their newest versions.")
  int list() {
    var root = Objects.requireNonNull(millrace);
    try (var gateway = root.client()) {
      List<List<@Nullable String>> rows = new ArrayList<>();
      for (var dataset : gateway.get("/api/v1/datasets").path("items")) {
        rows.add(
            List.of(
                Story.text(dataset, "name"),
                dataset.path("version").asString(dataset.path("latestVersion").asString("")),
                dataset.path("rows").asString(""),
                "%.12s".formatted(Story.text(dataset, "digest"))));
      }
      if (rows.isEmpty()) {
        root.terminal().line("No datasets yet: `./millrace datasets push NAME FILE.csv`");
      } else {
        root.terminal().table(0, List.of("dataset", "version", "rows", "digest"), rows);
      }
    }
    return 0;
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
