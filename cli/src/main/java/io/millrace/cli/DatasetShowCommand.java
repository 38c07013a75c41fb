package io.millrace.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Shows a version of a dataset. */
@Command(name = "show", description = "Show a version: its digest, columns and files.")
final class DatasetShowCommand implements Callable<Integer> {

  @ParentCommand @Nullable DatasetsCommand datasets;

  @Parameters(index = "0", paramLabel = "NAME", description = "Dataset name.")
  String name = "";

  @Mixin VersionOption version = new VersionOption();

  @Option(names = "--json", description = "The version as JSON.")
  boolean json;

  @Override
  public Integer call() {
    var root = Objects.requireNonNull(datasets).root();
    try (var gateway = root.client()) {
      var found = gateway.get(version.path(name));
      if (json) {
        root.terminal().line(found.toString());
        return 0;
      }
      var terminal = root.terminal();
      terminal.line(
          "%s version %d, %d rows, %s in %s, by %s at %s"
              .formatted(
                  name,
                  found.path("version").asInt(),
                  found.path("rows").asLong(),
                  DatasetsCommand.bytes(
                      found.path("totalSize").asLong(found.path("size").asLong())),
                  DatasetsCommand.files(found.path("files").asInt(1)),
                  Story.text(found, "createdBy"),
                  Story.text(found, "createdAt")));
      terminal.line("digest  " + Story.text(found, "digest"));
      List<List<@Nullable String>> columns = new ArrayList<>();
      for (var column : found.path("schema").path("columns")) {
        columns.add(
            List.of(
                Story.text(column, "name"),
                Story.text(column, "kind"),
                column.path("distinct").asString(""),
                column.path("nullable").asBoolean() ? "yes" : "no"));
      }
      if (!columns.isEmpty()) {
        terminal.line("");
        terminal.table(0, List.of("column", "kind", "distinct", "missing"), columns);
      }
      List<List<@Nullable String>> files = new ArrayList<>();
      for (var file :
          gateway
              .get(DatasetsCommand.at(name, found.path("version").asString()) + "/files?limit=20")
              .path("items")) {
        files.add(
            List.of(
                Story.text(file, "path"),
                DatasetsCommand.bytes(file.path("size").asLong()),
                "%.12s".formatted(Story.text(file, "sha256"))));
      }
      terminal.line("");
      terminal.table(0, List.of("file", "size", "sha256"), files);
      if (found.path("files").asInt() > files.size()) {
        terminal.line("and %d more".formatted(found.path("files").asInt() - files.size()));
      }
    }
    return 0;
  }
}
