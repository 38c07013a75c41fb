package io.millrace.tracking.search;

import java.util.List;

/**
 * A condition that was read and checked against a {@link Vocabulary}. Each clause is true or false:
 * one about something that is not there is false, and its negation true.
 */
public sealed interface Filter {

  /** The filter that lets everything pass. */
  Filter ALL = new And(List.of());

  /** True where all parts are; without parts it is true. */
  record And(List<Filter> parts) implements Filter {

    public And {
      parts = List.copyOf(parts);
    }
  }

  /** True where a part is. */
  record Or(List<Filter> parts) implements Filter {

    public Or {
      parts = List.copyOf(parts);
    }
  }

  /** True where the part is not. */
  record Not(Filter part) implements Filter {}

  /** A field compared with something. */
  record Clause(Field field, Test test) implements Filter {}

  /** What a clause asks of its field. */
  sealed interface Test {}

  /** A comparison with a floating point number; NaN on the field's side is false. */
  record Number(Operator operator, double value) implements Test {}

  /** A comparison with a whole number. */
  record Whole(Operator operator, long value) implements Test {}

  /** A comparison with text: =, !=, LIKE or ILIKE. */
  record Text(Operator operator, String value) implements Test {}

  /** Membership in a list, which may be empty. */
  record OneOf(boolean negated, List<String> values) implements Test {

    public OneOf {
      values = List.copyOf(values);
    }
  }

  /** Whether the field is there at all. */
  record Present(boolean present) implements Test {}
}
