package io.millrace.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Shows what datasets there are. */
@Command(name = "list", description = "List the datasets and their newest versions.")
final class DatasetListCommand implements Callable<Integer> {

  @ParentCommand @Nullable DatasetsCommand datasets;

  @Option(names = "--json", description = "The list as JSON.")
  boolean json;

  @Override
  public Integer call() {
    var root = Objects.requireNonNull(datasets).root();
    try (var gateway = root.client()) {
      var items = gateway.get("/api/v1/datasets?limit=1000").path("items");
      if (json) {
        root.terminal().line(items.toString());
        return 0;
      }
      List<List<@Nullable String>> rows = new ArrayList<>();
      for (var dataset : items) {
        rows.add(
            List.of(
                Story.text(dataset, "name"),
                dataset.path("version").asString(dataset.path("latestVersion").asString("")),
                dataset.path("files").asString(""),
                dataset.path("rows").asString(""),
                DatasetsCommand.bytes(dataset.path("size").asLong()),
                "%.12s".formatted(Story.text(dataset, "digest"))));
      }
      if (rows.isEmpty()) {
        root.terminal().line("No datasets yet: `./millrace datasets push NAME FILE.csv`");
      } else {
        root.terminal()
            .table(0, List.of("dataset", "version", "files", "rows", "size", "digest"), rows);
      }
    }
    return 0;
  }
}
