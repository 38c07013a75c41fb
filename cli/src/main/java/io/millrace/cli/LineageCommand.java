package io.millrace.cli;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import tools.jackson.databind.JsonNode;

/** Tells what something was made of and what became of it. */
@Command(
    name = "lineage",
    description = "Tell what a dataset, run or model version was made of and what became of it.")
final class LineageCommand implements Callable<Integer> {

  @ParentCommand @Nullable Millrace millrace;

  @Parameters(
      index = "0",
      paramLabel = "KIND",
      description = "dataset-version, run, logged-model, model-version or environment.")
  String kind = "";

  @Parameters(
      index = "1",
      paramLabel = "ID",
      description = "name@version, a run's id, name:version or name@alias, an environment.")
  String id = "";

  @Option(names = "--depth", paramLabel = "N", description = "Most steps each way: 10.")
  int depth = 10;

  @Option(names = "--json", description = "As JSON.")
  boolean json;

  /** Edges by one of their ends, in the order they came. */
  private final Map<String, List<JsonNode>> into = new LinkedHashMap<>();

  private final Map<String, List<JsonNode>> outOf = new LinkedHashMap<>();

  @Override
  public Integer call() {
    var root = Objects.requireNonNull(millrace);
    try (var gateway = root.client()) {
      var lineage =
          gateway.get(
              "/api/v1/lineage/%s/%s?depth=%d"
                  .formatted(GatewayClient.encode(kind), GatewayClient.encode(id), depth));
      if (json) {
        root.terminal().line(lineage.toPrettyString());
      } else {
        tell(root.terminal(), lineage);
      }
    }
    return 0;
  }

  private void tell(Terminal terminal, JsonNode lineage) {
    for (var edge : lineage.path("edges")) {
      into.computeIfAbsent(Story.text(edge, "to"), node -> new ArrayList<>()).add(edge);
      outOf.computeIfAbsent(Story.text(edge, "from"), node -> new ArrayList<>()).add(edge);
    }
    var root = Story.text(lineage, "root");
    terminal.line(terminal.styled(Terminal.Style.BOLD, readable(root)));
    if (into.containsKey(root)) {
      terminal.line("made of");
      branches(terminal, root, true, "", new HashSet<>(Set.of(root)));
    }
    if (outOf.containsKey(root)) {
      terminal.line("became");
      branches(terminal, root, false, "", new HashSet<>(Set.of(root)));
    }
    if (!into.containsKey(root) && !outOf.containsKey(root)) {
      terminal.line("  nothing else is known of it");
    }
    if (lineage.path("truncated").asBoolean()) {
      terminal.line("There is more than is shown; ask with a smaller --depth.");
    }
  }

  /** The branches of a node; what was told before is named and not told again. */
  private void branches(
      Terminal terminal, String node, boolean up, String indent, Set<String> told) {
    List<JsonNode> edges = (up ? into : outOf).getOrDefault(node, List.of());
    for (int i = 0; i < edges.size(); i++) {
      var edge = edges.get(i);
      var last = i == edges.size() - 1;
      var next = Story.text(edge, up ? "from" : "to");
      var known = !told.add(next);
      var more = known && (up ? into : outOf).containsKey(next);
      terminal.line(
          indent
              + (last ? "└─ " : "├─ ")
              + Story.text(edge, "how")
              + (up ? " ← " : " → ")
              + readable(next)
              + details(edge)
              + (more ? " (above)" : ""));
      if (!known) {
        branches(terminal, next, up, indent + (last ? "   " : "│  "), told);
      }
    }
  }

  private static String details(JsonNode edge) {
    var details = edge.path("details");
    if (Story.text(edge, "how").equals("served")) {
      var live = details.path("live").asString("").equals("true");
      return "  (%s %s by %s%s)"
          .formatted(
              live ? "live since" : "promoted",
              details.path("since").asString(""),
              details.path("by").asString("unknown"),
              live ? "" : ", no longer live");
    }
    var context = details.path("context").asString("");
    return context.isEmpty() ? "" : "  (" + context + ")";
  }

  private static String readable(String node) {
    int slash = node.indexOf('/');
    return node.substring(0, slash).replace('-', ' ') + " " + node.substring(slash + 1);
  }
}
