package io.millrace.cli;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import tools.jackson.databind.JsonNode;

/** Compares two versions of a dataset. */
@Command(
    name = "diff",
    description = "Compare two versions: files, columns, rows, and figures of columns.")
final class DatasetDiffCommand implements Callable<Integer> {

  @ParentCommand @Nullable DatasetsCommand datasets;

  @Parameters(index = "0", paramLabel = "NAME", description = "Dataset name.")
  String name = "";

  @Parameters(
      index = "1",
      paramLabel = "FROM",
      arity = "0..1",
      description = "A version (default: the one before).")
  @Nullable String from;

  @Parameters(
      index = "2",
      paramLabel = "TO",
      arity = "0..1",
      defaultValue = "latest",
      description = "A version (default: ${DEFAULT-VALUE}).")
  String to = "latest";

  @Option(names = "--json", description = "The comparison as JSON.")
  boolean json;

  @Override
  public Integer call() {
    var root = Objects.requireNonNull(datasets).root();
    try (var gateway = root.client()) {
      var diff =
          gateway.get(
              "/api/v1/datasets/%s/diff?to=%s%s"
                  .formatted(
                      GatewayClient.encode(name),
                      GatewayClient.encode(to),
                      from == null ? "" : "&from=" + GatewayClient.encode(from)));
      if (json) {
        root.terminal().line(diff.toString());
      } else {
        tell(root.terminal(), diff);
      }
    }
    return 0;
  }

  private void tell(Terminal terminal, JsonNode diff) {
    terminal.line(
        "%s %d -> %d: %s"
            .formatted(
                name,
                diff.path("from").asInt(),
                diff.path("to").asInt(),
                diff.path("identical").asBoolean()
                    ? "the same files"
                    : "%d rows -> %d rows, %s unchanged"
                        .formatted(
                            diff.path("rows").path("from").asLong(),
                            diff.path("rows").path("to").asLong(),
                            DatasetsCommand.files(diff.path("files").path("unchanged").asInt()))));
    for (var file : diff.path("files").path("added")) {
      terminal.line("  + " + Story.text(file, "path"));
    }
    for (var file : diff.path("files").path("removed")) {
      terminal.line("  - " + Story.text(file, "path"));
    }
    for (var file : diff.path("files").path("changed")) {
      terminal.line(
          "  ~ %s (%s -> %s)"
              .formatted(
                  Story.text(file, "path"),
                  DatasetsCommand.bytes(file.path("from").path("size").asLong()),
                  DatasetsCommand.bytes(file.path("to").path("size").asLong())));
    }
    diff.path("columns")
        .path("added")
        .forEach(column -> terminal.line("  column added: " + column.asString()));
    diff.path("columns")
        .path("removed")
        .forEach(column -> terminal.line("  column removed: " + column.asString()));
    diff.path("columns")
        .path("changed")
        .properties()
        .forEach(
            column ->
                terminal.line(
                    "  column %s: %s -> %s"
                        .formatted(
                            column.getKey(),
                            column.getValue().path("from").asString(""),
                            column.getValue().path("to").asString(""))));
    List<List<@Nullable String>> rows = new ArrayList<>();
    for (var column : diff.path("profile")) {
      for (var figure : column.path("figures").properties()) {
        if (!figure.getValue().path("from").isContainer()) {
          rows.add(
              List.of(
                  Story.text(column, "column"),
                  figure.getKey(),
                  figure(figure.getValue().path("from")),
                  figure(figure.getValue().path("to"))));
        }
      }
    }
    if (!rows.isEmpty()) {
      terminal.line("");
      terminal.table(2, List.of("column", "figure", "from", "to"), rows);
    }
  }

  /** As many digits as make a difference to a person. */
  private static String figure(JsonNode value) {
    return value.isFloatingPointNumber()
        ? new BigDecimal(value.asDouble()).round(new MathContext(6)).stripTrailingZeros().toString()
        : value.asString("");
  }
}
