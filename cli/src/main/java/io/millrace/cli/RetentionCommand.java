package io.millrace.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import tools.jackson.databind.JsonNode;

/** Removes deleted runs for good, or says which would go. */
@Command(
    name = "gc",
    description = "Show what deleted runs hold on to; with --delete, remove it for good.")
final class RetentionCommand implements Callable<Integer> {

  @ParentCommand @Nullable Millrace millrace;

  @Option(names = "--delete", description = "Remove; without it nothing is touched.")
  boolean delete;

  @Option(
      names = "--older-than",
      paramLabel = "TIME",
      description =
          "Only what was deleted longer ago, such as 7d or 0s (default: the retention time).")
  @Nullable String olderThan;

  @Option(
      names = "--by",
      paramLabel = "NAME",
      description = "Who decides (default: the user name).")
  String by = System.getProperty("user.name", "unknown");

  @Option(names = "--json", description = "The report as JSON.")
  boolean json;

  @Override
  public Integer call() {
    var root = Objects.requireNonNull(millrace);
    try (var gateway = root.client()) {
      var report = delete ? remove(gateway) : look(gateway);
      if (json) {
        root.terminal().line(report.toPrettyString());
      } else {
        print(root.terminal(), report);
      }
      return 0;
    }
  }

  private JsonNode look(GatewayClient gateway) {
    return gateway.get(
        "/api/v1/retention"
            + (olderThan == null ? "" : "?olderThan=" + GatewayClient.encode(olderThan)));
  }

  private JsonNode remove(GatewayClient gateway) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("by", by);
    if (olderThan != null) {
      body.put("olderThan", olderThan);
    }
    return gateway.post("/api/v1/retention", body);
  }

  private static void print(Terminal terminal, JsonNode report) {
    var dry = report.path("dryRun").asBoolean();
    List<List<@Nullable String>> rows = new ArrayList<>();
    for (var run : report.path("removed")) {
      rows.add(row(run, "runId", dry ? "would go" : "removed"));
    }
    for (var run : report.path("kept")) {
      rows.add(row(run, "runId", "kept: needed by " + Story.text(run, "neededBy")));
    }
    for (var model : report.path("removedModels")) {
      rows.add(row(model, "modelId", dry ? "would go" : "removed"));
    }
    for (var model : report.path("keptModels")) {
      rows.add(row(model, "modelId", "kept: needed by " + Story.text(model, "neededBy")));
    }
    if (!rows.isEmpty()) {
      terminal.table(
          0,
          List.of("run or logged model", "name", "experiment", "deleted", "what becomes of it"),
          rows);
    }
    terminal.line(
        dry
            ? "%d deleted runs would go, %d are kept. Nothing was touched; --delete removes them for good."
                .formatted(report.path("runs").asInt(), report.path("keptRuns").asInt())
            : "Removed %d runs with %d metric points and %d experiments; %d are kept. Their files follow."
                .formatted(
                    report.path("runs").asInt(),
                    report.path("metricPoints").asLong(),
                    report.path("experiments").size(),
                    report.path("keptRuns").asInt()));
  }

  private static List<@Nullable String> row(JsonNode run, String id, String fate) {
    return List.of(
        Story.text(run, id),
        Story.text(run, "name"),
        Story.text(run, "experimentId"),
        Story.text(run, "deletedAt"),
        fate);
  }
}
