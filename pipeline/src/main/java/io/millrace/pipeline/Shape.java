package io.millrace.pipeline;

import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;

/** What a value of the file looks like. */
sealed interface Shape {

  /** In words, for the reference and for errors: {@code a whole number, 1 to 10}. */
  String words();

  /** Any scalar as text. */
  record Text(String words, Pattern form, int maxLength) implements Shape {}

  record Choice(List<String> options) implements Shape {
    @Override
    public String words() {
      return options.size() == 1 ? options.getFirst() : "one of " + String.join(", ", options);
    }
  }

  record Whole(long min, long max) implements Shape {
    @Override
    public String words() {
      return "a whole number, " + min + " to " + max;
    }
  }

  record Decimal(double min, double max) implements Shape {
    @Override
    public String words() {
      if (min == -Double.MAX_VALUE) {
        return "a number";
      }
      String from = Decimal.plain(min);
      return max == Double.MAX_VALUE
          ? "a number, at least " + from
          : "a number, " + from + " to " + Decimal.plain(max);
    }

    private static String plain(double value) {
      return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
    }
  }

  record Flag() implements Shape {
    @Override
    public String words() {
      return "true or false";
    }
  }

  record Time(Duration min, Duration max) implements Shape {
    @Override
    public String words() {
      return "a duration such as 10s, 30m or 2h, "
          + Quantities.text(min)
          + " to "
          + Quantities.text(max);
    }
  }

  record Size(long min, long max) implements Shape {
    @Override
    public String words() {
      return "a size such as 512m or 2g, " + Quantities.text(min) + " to " + Quantities.text(max);
    }
  }

  /** A list of one shape. */
  record ListOf(Shape item, int min, int max) implements Shape {
    @Override
    public String words() {
      return "a list of " + min + " to " + max + " values, each " + item.words();
    }
  }

  /** Free names to values of one shape. */
  record Named(String what, Shape value, int max) implements Shape {
    @Override
    public String words() {
      return what + ", at most " + max;
    }
  }

  /** A scalar, or a list of scalars which counts as its items joined by commas. */
  record Loose() implements Shape {
    @Override
    public String words() {
      return "a single value, or a list of single values";
    }
  }

  /** Whichever of two fits: a list takes the first, a group of keys the second. */
  record ListOrSection(ListOf list, Section section) implements Shape {
    @Override
    public String words() {
      return list.words()
          + ", or a group of the keys "
          + String.join(", ", Key.names(section.keys()));
    }
  }

  /** A group of declared keys, and what must hold between them. */
  record Section(List<Key> keys, Rule rule) implements Shape {
    Section(Key... keys) {
      this(List.of(keys), (_, _) -> {});
    }

    Section obeying(Rule rule) {
      return new Section(keys, rule);
    }

    @Override
    public String words() {
      return "a group of keys: " + String.join(", ", Key.names(keys));
    }
  }

  /** A condition between the values of a section; called when each value is right by itself. */
  interface Rule {
    void check(Values values, Complaints complaints);
  }

  /** Where a rule puts what it finds. */
  interface Complaints {
    /**
     * @param key key of the section the problem is about; empty for the section as a whole
     */
    void add(Problem.Code code, String key, String message);
  }
}
