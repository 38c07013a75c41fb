package io.millrace.pipeline;

import io.millrace.pipeline.Problem.Code;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Holds a tree against its declaration; finds every problem, not only the first. */
final class Checker {
  private static final Pattern WHOLE = Pattern.compile("[+-]?\\d{1,18}");
  private static final Pattern DECIMAL =
      Pattern.compile("[+-]?(\\d{1,18}(\\.\\d{0,18})?|\\.\\d{1,18})([eE][+-]?\\d{1,3})?");
  private static final Pattern FREE_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
  private static final int MAX_PROBLEMS = 50;

  private final List<Problem> problems;
  private final boolean unknownKeysAllowed;

  /**
   * @param problems takes what is found
   * @param unknownKeysAllowed true for what another version of Millrace wrote
   */
  Checker(List<Problem> problems, boolean unknownKeysAllowed) {
    this.problems = problems;
    this.unknownKeysAllowed = unknownKeysAllowed;
  }

  /** The values of the whole file; null where it has problems. */
  @Nullable Values file(Tree tree) {
    if (tree instanceof Tree.Nothing) {
      add(
          Code.MISSING_KEY,
          "",
          tree.line(),
          "the file is empty; `millrace init` writes one to begin with");
      return null;
    }
    return section(Keys.FILE, tree, "");
  }

  private @Nullable Object value(Shape shape, Tree tree, String path) {
    return switch (shape) {
      case Shape.Section section -> section(section, tree, path);
      case Shape.ListOf list -> list(list, tree, path);
      case Shape.Named named -> named(named, tree, path);
      case Shape.ListOrSection either ->
          tree instanceof Tree.Items
              ? list(either.list(), tree, path)
              : section(either.section(), tree, path);
      case Shape.Loose loose -> loose(loose, tree, path);
      case Shape.Text text -> text(text, tree, path);
      case Shape.Choice choice -> choice(choice, tree, path);
      case Shape.Whole whole -> whole(whole, tree, path);
      case Shape.Decimal decimal -> decimal(decimal, tree, path);
      case Shape.Flag flag -> flag(flag, tree, path);
      case Shape.Time time -> time(time, tree, path);
      case Shape.Size size -> size(size, tree, path);
    };
  }

  private @Nullable Values section(Shape.Section shape, Tree tree, String path) {
    if (!(tree instanceof Tree.Mapping mapping)) {
      return wrongType(shape, tree, path);
    }
    int before = problems.size();
    if (!unknownKeysAllowed) {
      mapping.entries().forEach((name, item) -> refuseUnknown(shape, name, item, path));
    }
    Values values = new Values();
    for (Key key : shape.keys()) {
      String at = join(path, key.name());
      Tree given = mapping.entries().get(key.name());
      if (given == null || given instanceof Tree.Nothing) {
        given = absent(key, at, mapping.line());
      }
      Object value = given == null ? null : value(key.shape(), given, at);
      if (value != null) {
        values.put(key.name(), value);
      }
    }
    if (problems.size() == before && before < MAX_PROBLEMS) {
      shape
          .rule()
          .check(
              values,
              (code, name, message) -> {
                Tree item = mapping.entries().get(name);
                int line = item == null ? mapping.line() : item.line();
                add(code, name.isEmpty() ? path : join(path, name), line, message);
              });
    }
    return problems.size() == before ? values : null;
  }

  private void refuseUnknown(Shape.Section shape, String name, Tree item, String path) {
    List<String> known = Key.names(shape.keys());
    if (!known.contains(name)) {
      String where = path.isEmpty() ? "a pipeline file" : path;
      String help =
          Words.nearest(name, known)
              .map(near -> "did you mean " + near + "?")
              .orElse("the keys are " + String.join(", ", known));
      add(
          Code.UNKNOWN_KEY,
          join(path, name),
          item.line(),
          "\"" + Tree.shortened(name) + "\" is not a key of " + where + "; " + help);
    }
  }

  private @Nullable Tree absent(Key key, String path, int line) {
    return switch (key.need()) {
      case OPTIONAL -> null;
      case DEFAULTED -> Keys.fallbackOf(key);
      case REQUIRED -> {
        add(
            Code.MISSING_KEY,
            path,
            line,
            path + " is missing. " + key.doc() + " It is " + key.shape().words());
        yield null;
      }
    };
  }

  private @Nullable Object list(Shape.ListOf shape, Tree tree, String path) {
    if (!(tree instanceof Tree.Items items)) {
      return wrongType(shape, tree, path);
    }
    if (items.items().size() < shape.min() || items.items().size() > shape.max()) {
      return outOfRange(shape, path, tree.line(), "has " + items.items().size() + " values");
    }
    List<Object> list = new ArrayList<>();
    for (int i = 0; i < items.items().size(); i++) {
      Object value = value(shape.item(), items.items().get(i), path + "[" + i + "]");
      if (value != null) {
        list.add(value);
      }
    }
    return List.copyOf(list);
  }

  private @Nullable Object named(Shape.Named shape, Tree tree, String path) {
    if (!(tree instanceof Tree.Mapping mapping)) {
      return wrongType(shape, tree, path);
    }
    if (mapping.entries().size() > shape.max()) {
      return outOfRange(shape, path, tree.line(), "has " + mapping.entries().size() + " entries");
    }
    Map<String, Object> named = new LinkedHashMap<>();
    mapping
        .entries()
        .forEach(
            (name, item) -> {
              String at = join(path, name);
              if (!FREE_NAME.matcher(name).matches()) {
                add(
                    Code.INVALID_VALUE,
                    at,
                    item.line(),
                    "\""
                        + Tree.shortened(name)
                        + "\" cannot be a name here; use letters, digits, dot, dash and underscore");
                return;
              }
              Object value = value(shape.value(), item, at);
              if (value != null) {
                named.put(name, value);
              }
            });
    return named;
  }

  private @Nullable Object loose(Shape.Loose shape, Tree tree, String path) {
    if (tree instanceof Tree.Items items
        && items.items().stream().allMatch(Tree.Scalar.class::isInstance)) {
      List<String> texts = new ArrayList<>();
      for (Tree item : items.items()) {
        texts.add(((Tree.Scalar) item).text());
      }
      return limited(shape, String.join(",", texts), tree, path);
    }
    return tree instanceof Tree.Scalar scalar
        ? limited(shape, scalar.text(), tree, path)
        : wrongType(shape, tree, path);
  }

  private @Nullable String limited(Shape shape, String text, Tree tree, String path) {
    return text.length() <= 1000
        ? text
        : outOfRange(
            shape, path, tree.line(), "has " + text.length() + " characters, at most 1000");
  }

  private @Nullable Object text(Shape.Text shape, Tree tree, String path) {
    if (!(tree instanceof Tree.Scalar scalar)) {
      return wrongType(shape, tree, path);
    }
    if (scalar.text().length() > shape.maxLength()) {
      return outOfRange(shape, path, tree.line(), "has " + scalar.text().length() + " characters");
    }
    if (!shape.form().matcher(scalar.text()).matches()) {
      return invalid(shape, tree, path, "");
    }
    return scalar.text();
  }

  private @Nullable Object choice(Shape.Choice shape, Tree tree, String path) {
    if (!(tree instanceof Tree.Scalar scalar)) {
      return wrongType(shape, tree, path);
    }
    if (!shape.options().contains(scalar.text())) {
      Optional<String> near = Words.nearest(scalar.text(), shape.options());
      return invalid(shape, tree, path, near.map(n -> "; did you mean " + n + "?").orElse(""));
    }
    return scalar.text();
  }

  private @Nullable Object whole(Shape.Whole shape, Tree tree, String path) {
    if (!(tree instanceof Tree.Scalar scalar) || !WHOLE.matcher(scalar.text()).matches()) {
      return wrongType(shape, tree, path);
    }
    long value = Long.parseLong(scalar.text());
    return value < shape.min() || value > shape.max()
        ? outOfRange(shape, path, tree.line(), "is " + value)
        : value;
  }

  private @Nullable Object decimal(Shape.Decimal shape, Tree tree, String path) {
    if (!(tree instanceof Tree.Scalar scalar) || !DECIMAL.matcher(scalar.text()).matches()) {
      return wrongType(shape, tree, path);
    }
    double value = Double.parseDouble(scalar.text());
    return value < shape.min() || value > shape.max() || Double.isInfinite(value)
        ? outOfRange(shape, path, tree.line(), "is " + scalar.text())
        : value;
  }

  private @Nullable Object flag(Shape.Flag shape, Tree tree, String path) {
    if (!(tree instanceof Tree.Scalar scalar)) {
      return wrongType(shape, tree, path);
    }
    return switch (scalar.text().toLowerCase(Locale.ROOT)) {
      case "true" -> true;
      case "false" -> false;
      default -> wrongType(shape, tree, path);
    };
  }

  private @Nullable Object time(Shape.Time shape, Tree tree, String path) {
    if (!(tree instanceof Tree.Scalar scalar)) {
      return wrongType(shape, tree, path);
    }
    var value = Quantities.duration(scalar.text());
    if (value.isEmpty()) {
      return wrongType(shape, tree, path);
    }
    return value.get().compareTo(shape.min()) < 0 || value.get().compareTo(shape.max()) > 0
        ? outOfRange(shape, path, tree.line(), "is " + scalar.text())
        : value.get();
  }

  private @Nullable Object size(Shape.Size shape, Tree tree, String path) {
    if (!(tree instanceof Tree.Scalar scalar)) {
      return wrongType(shape, tree, path);
    }
    var value = Quantities.size(scalar.text());
    if (value.isEmpty()) {
      return wrongType(shape, tree, path);
    }
    return value.get() < shape.min() || value.get() > shape.max()
        ? outOfRange(shape, path, tree.line(), "is " + scalar.text())
        : value.get();
  }

  private <T> @Nullable T wrongType(Shape shape, Tree tree, String path) {
    String subject = path.isEmpty() ? "the file" : path;
    add(
        Code.WRONG_TYPE,
        path,
        tree.line(),
        subject + " must be " + shape.words() + "; here it is " + tree.kind());
    return null;
  }

  private <T> @Nullable T invalid(Shape shape, Tree tree, String path, String help) {
    add(
        Code.INVALID_VALUE,
        path,
        tree.line(),
        path + " must be " + shape.words() + "; here it is " + tree.kind() + help);
    return null;
  }

  private <T> @Nullable T outOfRange(Shape shape, String path, int line, String found) {
    add(Code.OUT_OF_RANGE, path, line, path + " " + found + ", but must be " + shape.words());
    return null;
  }

  private void add(Code code, String path, int line, String message) {
    if (problems.size() < MAX_PROBLEMS) {
      String place = line > 0 ? "line " + line + ": " : "";
      problems.add(new Problem(code.text(), place + message, path.isEmpty() ? null : path));
    }
  }

  private static String join(String path, String key) {
    return path.isEmpty() ? key : path + "." + key;
  }
}
