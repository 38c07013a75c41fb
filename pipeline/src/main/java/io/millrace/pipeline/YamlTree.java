package io.millrace.pipeline;

import io.millrace.pipeline.Problem.Code;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.events.AliasEvent;
import org.yaml.snakeyaml.events.CollectionStartEvent;
import org.yaml.snakeyaml.events.DocumentStartEvent;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.events.MappingEndEvent;
import org.yaml.snakeyaml.events.MappingStartEvent;
import org.yaml.snakeyaml.events.ScalarEvent;
import org.yaml.snakeyaml.events.SequenceEndEvent;
import org.yaml.snakeyaml.events.StreamEndEvent;
import org.yaml.snakeyaml.events.StreamStartEvent;

/**
 * Reads YAML event by event, so that nothing is constructed or expanded: aliases, tags and second
 * documents are refused, and {@code yes}, {@code 1_000} or {@code 10:30} stay the text they are.
 */
final class YamlTree {
  static final int MAX_CHARACTERS = 32 * 1024;
  private static final int MAX_DEPTH = 12;
  private static final Set<String> NOTHING = Set.of("", "~", "null", "Null", "NULL");

  private final Iterator<Event> events;
  private final List<Problem> duplicates;

  private YamlTree(Iterator<Event> events, List<Problem> duplicates) {
    this.events = events;
    this.duplicates = duplicates;
  }

  /**
   * The tree of a text.
   *
   * @param duplicates takes a problem for each key given twice; the first value counts
   */
  static Tree read(String text, List<Problem> duplicates) throws Unreadable {
    if (text.length() > MAX_CHARACTERS) {
      throw new Unreadable(
          Code.TOO_LARGE,
          "the text has "
              + text.length()
              + " characters; a pipeline file has at most "
              + MAX_CHARACTERS
              + ": keep data and notes elsewhere");
    }
    LoaderOptions options = new LoaderOptions();
    options.setCodePointLimit(MAX_CHARACTERS);
    try {
      Iterator<Event> events = new Yaml(options).parse(new StringReader(text)).iterator();
      return new YamlTree(events, duplicates).document();
    } catch (MarkedYAMLException e) {
      Mark mark = e.getProblemMark() == null ? e.getContextMark() : e.getProblemMark();
      String place =
          mark == null
              ? ""
              : "line %d, column %d: ".formatted(mark.getLine() + 1, mark.getColumn() + 1);
      throw new Unreadable(
          Code.SYNTAX, place + e.getProblem() + "; check indentation, quotes and brackets there");
    } catch (YAMLException e) {
      throw new Unreadable(Code.SYNTAX, "not readable as YAML: " + e.getMessage());
    }
  }

  private Tree document() throws Unreadable {
    @Nullable Tree tree = null;
    while (events.hasNext()) {
      Event event = events.next();
      if (event instanceof DocumentStartEvent) {
        if (tree != null) {
          throw notPlain(event, "a second document begins here; keep one pipeline in one file");
        }
        tree = value(events.next(), 0, "");
      } else if (event instanceof StreamStartEvent || event instanceof StreamEndEvent) {
        continue;
      }
    }
    return tree == null ? new Tree.Nothing(1) : tree;
  }

  private Tree value(Event event, int depth, String path) throws Unreadable {
    if (depth > MAX_DEPTH) {
      throw new Unreadable(
          Code.TOO_LARGE,
          "line %d: nested more than %d levels deep; a pipeline file is shallower"
              .formatted(line(event), MAX_DEPTH));
    }
    return switch (event) {
      case AliasEvent alias ->
          throw notPlain(
              event, "*" + alias.getAnchor() + " is an alias; write the value out instead");
      case ScalarEvent scalar -> {
        refuseTag(event, scalar.getTag());
        yield scalar.isPlain() && NOTHING.contains(scalar.getValue())
            ? new Tree.Nothing(line(event))
            : new Tree.Scalar(scalar.getValue(), line(event));
      }
      case CollectionStartEvent start -> {
        refuseTag(event, start.getTag());
        yield start instanceof MappingStartEvent
            ? mapping(line(event), depth, path)
            : items(line(event), depth, path);
      }
      default -> throw new Unreadable(Code.SYNTAX, "line " + line(event) + ": a value is missing");
    };
  }

  private Tree items(int line, int depth, String path) throws Unreadable {
    List<Tree> items = new ArrayList<>();
    for (Event next = events.next(); !(next instanceof SequenceEndEvent); next = events.next()) {
      items.add(value(next, depth + 1, path + "[" + items.size() + "]"));
    }
    return new Tree.Items(List.copyOf(items), line);
  }

  private Tree mapping(int line, int depth, String path) throws Unreadable {
    Tree.Mapping mapping = Tree.Mapping.empty(line);
    for (Event next = events.next(); !(next instanceof MappingEndEvent); next = events.next()) {
      if (!(next instanceof ScalarEvent key)) {
        throw new Unreadable(
            Code.SYNTAX, "line " + line(next) + ": a key must be a word, not a list or group");
      }
      String name = key.getValue();
      String at = path.isEmpty() ? name : path + "." + name;
      Tree item = value(events.next(), depth + 1, at);
      if (mapping.entries().putIfAbsent(name, item) != null) {
        duplicates.add(
            new Problem(
                Code.DUPLICATE_KEY.text(),
                "line %d: %s is given twice; keep one of them".formatted(line(next), at),
                at));
      }
    }
    return mapping;
  }

  private static void refuseTag(Event event, @Nullable String tag) throws Unreadable {
    if (tag != null) {
      throw notPlain(event, "the tag " + tag + " is not used in pipeline files; remove it");
    }
  }

  private static Unreadable notPlain(Event event, String message) {
    return new Unreadable(Code.NOT_PLAIN, "line " + line(event) + ": " + message);
  }

  private static int line(Event event) {
    return event.getStartMark() == null ? 0 : event.getStartMark().getLine() + 1;
  }
}
