package io.millrace.tracking.lineage;

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Grows from a thing, step by step, until nothing new is found or a limit is reached. */
final class Graph {

  /** One step from things of one kind. */
  @FunctionalInterface
  interface Step {

    List<Edge> from(Kind kind, Collection<Node> nodes);
  }

  private final int most;
  private final Set<Node> nodes = new LinkedHashSet<>();
  private final Map<List<Object>, Edge> edges = new LinkedHashMap<>();
  private boolean truncated;

  Graph(Node root, int most) {
    this.most = most;
    nodes.add(root);
  }

  /**
   * Follows one direction.
   *
   * @param depth most steps
   * @param up whether edges are followed against their direction
   */
  void follow(Node root, int depth, boolean up, Step step) {
    Set<Node> seen = new LinkedHashSet<>(List.of(root));
    Deque<Node> front = new ArrayDeque<>(List.of(root));
    for (int level = 0; level < depth && !front.isEmpty(); level++) {
      Map<Kind, Set<Node>> byKind = new EnumMap<>(Kind.class);
      front.forEach(
          node -> byKind.computeIfAbsent(node.kind(), kind -> new LinkedHashSet<>()).add(node));
      front.clear();
      for (Map.Entry<Kind, Set<Node>> entry : byKind.entrySet()) {
        for (Edge edge : step.from(entry.getKey(), entry.getValue())) {
          Node next = up ? edge.from() : edge.to();
          if (!nodes.contains(next) && nodes.size() >= most) {
            truncated = true;
            continue;
          }
          nodes.add(next);
          edges.putIfAbsent(List.of(edge.from(), edge.to(), edge.how()), edge);
          if (seen.add(next)) {
            front.add(next);
          }
        }
      }
    }
  }

  Set<Node> nodes() {
    return nodes;
  }

  Collection<Edge> edges() {
    return edges.values();
  }

  /** Whether things were left out because there are too many. */
  boolean truncated() {
    return truncated;
  }
}
