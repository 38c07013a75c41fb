package io.millrace.pipeline;

import io.millrace.pipeline.Problem.Code;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Replaces single values of a pipeline and checks the whole again. */
final class Overrides {
  private static final Pattern STEP = Pattern.compile("([^.\\[\\]]{1,64})((?:\\[\\d{1,3}])*)");
  private static final int MAX_STEPS = 12;

  private Overrides() {}

  static Parsed apply(Pipeline pipeline, Map<String, String> overrides) {
    List<Problem> problems = new ArrayList<>();
    Tree tree = Tree.of(PipelineJson.asMap(pipeline));
    makeRoom(tree, overrides, "monitor.window", "rows");
    makeRoom(tree, overrides, "monitor.rows", "window");
    // Sorted, so that the outcome does not depend on the order of a map.
    new TreeMap<>(overrides)
        .forEach(
            (path, value) -> {
              Problem problem = set(tree, path, value);
              if (problem != null) {
                problems.add(problem);
              }
            });
    Values values = new Checker(problems, false).file(tree);
    return values == null || !problems.isEmpty()
        ? new Parsed.Invalid(problems)
        : new Parsed.Valid(Pipeline.of(values));
  }

  /** A new window takes the place of the old one, whether that was a time or a number of rows. */
  private static void makeRoom(
      Tree tree, Map<String, String> overrides, String path, String alternative) {
    if (overrides.containsKey(path)
        && tree instanceof Tree.Mapping file
        && file.entries().get("monitor") instanceof Tree.Mapping monitor) {
      monitor.entries().remove(alternative);
    }
  }

  private static @Nullable Problem set(Tree root, String path, String value) {
    String[] steps = path.split("\\.", -1);
    if (steps.length > MAX_STEPS) {
      return noSuchPlace(path, "it has too many steps");
    }
    Tree.Mapping mapping = (Tree.Mapping) root;
    for (int i = 0; i < steps.length; i++) {
      Matcher step = STEP.matcher(steps[i]);
      if (!step.matches()) {
        return noSuchPlace(path, "write it like train.params.trees or evaluate.gates[0].at-least");
      }
      String key = step.group(1);
      boolean last = i == steps.length - 1;
      if (!step.group(2).isEmpty()) {
        int index = Integer.parseInt(step.group(2).substring(1, step.group(2).indexOf(']')));
        if (!(mapping.entries().get(key) instanceof Tree.Items items)
            || index >= items.items().size()
            || step.group(2).indexOf('[', 1) > 0) {
          return noSuchPlace(path, "the pipeline has no " + steps[i]);
        }
        if (last) {
          List<Tree> changed = new ArrayList<>(items.items());
          Tree given = read(value);
          if (given == null) {
            return unreadable(path, value);
          }
          changed.set(index, given);
          mapping.entries().put(key, new Tree.Items(changed, 0));
          return null;
        }
        if (!(items.items().get(index) instanceof Tree.Mapping inner)) {
          return noSuchPlace(path, steps[i] + " has no keys of its own");
        }
        mapping = inner;
        continue;
      }
      if (last) {
        Tree given = read(value);
        if (given == null) {
          return unreadable(path, value);
        }
        mapping.entries().put(key, given);
        return null;
      }
      // A group that does not exist yet is made here; whether it may, the check of the whole says.
      Tree next = mapping.entries().computeIfAbsent(key, _ -> Tree.Mapping.empty(0));
      if (!(next instanceof Tree.Mapping inner)) {
        return noSuchPlace(path, steps[i] + " has no keys of its own");
      }
      mapping = inner;
    }
    return null;
  }

  /** Lists and groups are YAML, everything else is the text as it stands. */
  private static @Nullable Tree read(String value) {
    String start = value.strip();
    if (!start.startsWith("[") && !start.startsWith("{")) {
      return new Tree.Scalar(value, 0);
    }
    try {
      List<Problem> duplicates = new ArrayList<>();
      Tree tree = withoutLines(YamlTree.read(value, duplicates));
      return duplicates.isEmpty() ? tree : null;
    } catch (Unreadable e) {
      return null;
    }
  }

  private static Tree withoutLines(Tree tree) {
    return switch (tree) {
      case Tree.Scalar scalar -> new Tree.Scalar(scalar.text(), 0);
      case Tree.Nothing _ -> new Tree.Nothing(0);
      case Tree.Items items ->
          new Tree.Items(items.items().stream().map(Overrides::withoutLines).toList(), 0);
      case Tree.Mapping mapping -> {
        Tree.Mapping copy = Tree.Mapping.empty(0);
        mapping.entries().forEach((key, item) -> copy.entries().put(key, withoutLines(item)));
        yield copy;
      }
    };
  }

  private static Problem noSuchPlace(String path, String why) {
    return new Problem(
        Code.UNKNOWN_KEY.text(), "override " + Tree.shortened(path) + ": " + why, path);
  }

  private static Problem unreadable(String path, String value) {
    return new Problem(
        Code.SYNTAX.text(),
        "override "
            + path
            + ": "
            + Tree.shortened(value)
            + " is not a list or group in YAML; check brackets and quotes",
        path);
  }
}
