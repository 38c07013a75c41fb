package io.millrace.tracking.lineage;

import io.millrace.database.Database;
import io.millrace.database.Tx;
import io.millrace.problems.ApiProblem;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Where things come from and what became of them. */
@RestController
class LineageController {

  private static final int DEEPEST = 50;
  private static final int MOST_NODES = 1000;

  private final Database database;
  private final Relations relations;

  LineageController(Database database, Relations relations) {
    this.database = database;
    this.relations = relations;
  }

  /**
   * A lineage.
   *
   * @param root id of what was asked about
   * @param truncated whether it has more nodes than are told
   */
  record Lineage(String root, int depth, boolean truncated, List<Member> nodes, List<Link> edges) {}

  /**
   * A node.
   *
   * @param id kind and name
   */
  record Member(String id, String kind, String name, SortedMap<String, String> details) {}

  /** An edge, from upstream to downstream. */
  record Link(String from, String to, String how, SortedMap<String, String> details) {}

  /**
   * @param direction upstream, downstream or both
   * @param depth most steps in each direction
   */
  @GetMapping("/api/v1/lineage/{kind}/{*id}")
  Lineage lineage(
      @PathVariable String kind,
      @PathVariable String id,
      @RequestParam(defaultValue = "both") String direction,
      @RequestParam(defaultValue = "10") int depth) {
    Kind start =
        Kind.of(kind)
            .filter(known -> known != Kind.CODE)
            .orElseThrow(
                () ->
                    new ApiProblem(
                        400,
                        "unknown-kind",
                        "'%s' is no kind; use %s."
                            .formatted(
                                kind,
                                Arrays.stream(Kind.values())
                                    .filter(known -> known != Kind.CODE)
                                    .map(Kind::text)
                                    .collect(Collectors.joining(", ")))));
    boolean up = direction.equals("both") || direction.equals("upstream");
    boolean down = direction.equals("both") || direction.equals("downstream");
    if (!up && !down) {
      throw new ApiProblem(
          400,
          "invalid-direction",
          "direction is '%s'; use upstream, downstream or both.".formatted(direction));
    }
    if (depth < 1 || depth > DEEPEST) {
      throw new ApiProblem(
          400, "invalid-depth", "depth is %d; use 1 to %d.".formatted(depth, DEEPEST));
    }
    String name = id.substring(1);
    return database.read(tx -> lineage(tx, root(tx, start, name), depth, up, down));
  }

  private Lineage lineage(Tx tx, Node root, int depth, boolean up, boolean down) {
    Graph graph = new Graph(root, MOST_NODES);
    if (up) {
      graph.follow(
          root, depth, true, (kind, nodes) -> relations.upstream(tx, kind, nodes, MOST_NODES + 1));
    }
    if (down) {
      graph.follow(
          root,
          depth,
          false,
          (kind, nodes) -> relations.downstream(tx, kind, nodes, MOST_NODES + 1));
    }
    Map<Node, SortedMap<String, String>> details = new HashMap<>();
    graph.nodes().stream()
        .collect(Collectors.groupingBy(Node::kind))
        .forEach((kind, nodes) -> details.putAll(relations.details(tx, kind, nodes)));
    if (graph.edges().isEmpty() && !details.containsKey(root)) {
      throw missing(root.kind(), root.name());
    }
    return new Lineage(
        root.id(),
        depth,
        graph.truncated(),
        graph.nodes().stream()
            .map(
                node ->
                    new Member(
                        node.id(),
                        node.kind().text(),
                        node.name(),
                        details.getOrDefault(node, new TreeMap<>())))
            .toList(),
        graph.edges().stream()
            .map(edge -> new Link(edge.from().id(), edge.to().id(), edge.how(), edge.details()))
            .toList());
  }

  /** The thing that a name means; the name is checked as far as that is needed to look it up. */
  private Node root(Tx tx, Kind kind, String name) {
    return switch (kind) {
      case MODEL_VERSION -> version(tx, name);
      case DATASET_VERSION -> {
        int at = name.lastIndexOf('@');
        if (at < 1 || at == name.length() - 1) {
          throw new ApiProblem(
              400, "invalid-id", "A dataset version is name@version or name@digest.");
        }
        yield new Node(kind, name);
      }
      case RUN, LOGGED_MODEL, ENVIRONMENT, CODE -> new Node(kind, name);
    };
  }

  private Node version(Tx tx, String name) {
    int colon = name.lastIndexOf(':');
    if (colon > 0 && name.substring(colon + 1).matches("[1-9]\\d{0,8}")) {
      return new Node(Kind.MODEL_VERSION, name);
    }
    int at = name.lastIndexOf('@');
    if (at > 0) {
      Node aliased = relations.aliased(tx, name.substring(0, at), name.substring(at + 1));
      if (aliased != null) {
        return aliased;
      }
      throw missing(Kind.MODEL_VERSION, name);
    }
    throw new ApiProblem(400, "invalid-id", "A model version is name:version or name@alias.");
  }

  private static ApiProblem missing(Kind kind, String name) {
    return new ApiProblem(
        404, "lineage-not-found", "Nothing is known of the %s '%s'.".formatted(kind.text(), name));
  }
}
