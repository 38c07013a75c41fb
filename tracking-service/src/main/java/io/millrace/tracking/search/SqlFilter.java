package io.millrace.tracking.search;

import java.util.List;
import java.util.stream.Collectors;

/**
 * Writes filters as SQL conditions. Values and keys always become parameters; the text of the
 * statement depends on the form of the filter alone.
 */
public final class SqlFilter {

  private SqlFilter() {}

  /** How one kind of thing writes a clause, with {@link #test} and {@link #keyed}. */
  @FunctionalInterface
  public interface Clauses {

    /** The condition of a clause; null in SQL counts as false. */
    String sql(Filter.Clause clause, SqlParameters parameters);
  }

  /** The condition of a filter, in parentheses where it needs them; `true` where all pass. */
  public static String of(Filter filter, Clauses clauses, SqlParameters parameters) {
    return switch (filter) {
      case Filter.And(List<Filter> parts) -> joined(parts, " and ", "true", clauses, parameters);
      case Filter.Or(List<Filter> parts) -> joined(parts, " or ", "false", clauses, parameters);
      // What is null in SQL is false here, and its negation therefore true.
      case Filter.Not(Filter part) -> "(" + of(part, clauses, parameters) + ") is not true";
      case Filter.Clause clause -> clauses.sql(clause, parameters);
    };
  }

  private static String joined(
      List<Filter> parts, String word, String none, Clauses clauses, SqlParameters parameters) {
    return parts.isEmpty()
        ? none
        : parts.stream()
            .map(part -> "(" + of(part, clauses, parameters) + ")")
            .collect(Collectors.joining(word));
  }

  /**
   * A test of an expression.
   *
   * @param expression SQL of the type that the test compares: float8, bigint or text
   */
  public static String test(String expression, Filter.Test test, SqlParameters parameters) {
    return switch (test) {
      case Filter.Number(Operator operator, double value) ->
          compared(expression, operator, parameters.add(value) + "::float8")
              + switch (operator) {
                // PostgreSQL puts NaN above every number.
                case NE, GT, GE -> " and " + expression + " < 'NaN'::float8";
                default -> "";
              };
      case Filter.Whole(Operator operator, long value) ->
          compared(expression, operator, parameters.add(value) + "::bigint");
      case Filter.Text(Operator operator, String value) ->
          compared(expression, operator, parameters.add(value) + "::text");
      case Filter.OneOf(boolean negated, List<String> values) ->
          expression
              + (negated ? " <> all (" : " = any (")
              + parameters.add(values.toArray(String[]::new))
              + "::text[])";
      case Filter.Present(boolean present) -> expression + (present ? " is not null" : " is null");
    };
  }

  private static String compared(String expression, Operator operator, String value) {
    return expression + " " + (operator == Operator.NE ? "<>" : operator.text()) + " " + value;
  }

  /**
   * A test of what a table of keys and values has under the clause's key: false, whatever is asked,
   * where it has nothing, except for IS NULL.
   *
   * @param from a table and the condition that ties it to the thing: {@code run_tags t where
   *     t.run_id = r.run_id}
   * @param key column of the key
   * @param value column of the value
   */
  public static String keyed(
      String from, String key, String value, Filter.Clause clause, SqlParameters parameters) {
    String there =
        "exists (select 1 from "
            + from
            + " and "
            + key
            + " = "
            + parameters.add(clause.field().key())
            + "::text";
    return switch (clause.test()) {
      case Filter.Present(boolean present) -> (present ? "" : "not ") + there + ")";
      case Filter.Test test -> there + " and " + test(value, test, parameters) + ")";
    };
  }
}
