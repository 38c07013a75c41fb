package io.millrace.tracking.search;

import io.millrace.database.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * An order by columns whose last one is unique, and how to go on after a row of it: pages neither
 * lose nor double a row while others are inserted. What is missing comes last in both directions,
 * and just before it what is not a number.
 */
public final class Keyset {

  /** Type of a column. */
  public enum Type {
    NUMBER,
    /** A number that is never NaN where the search looks. */
    FINITE,
    WHOLE,
    TEXT
  }

  /**
   * One column.
   *
   * @param sql an expression of type float8, bigint or text
   * @param nullable whether it may be missing
   */
  public record Column(String sql, Type type, boolean ascending, boolean nullable) {

    /** A column that is never null. */
    public static Column of(String sql, Type type, boolean ascending) {
      return new Column(sql, type, ascending, false);
    }

    private String expression() {
      return type == Type.TEXT ? sql + " collate \"C\"" : sql;
    }
  }

  private final List<Column> columns;

  public Keyset(List<Column> columns) {
    this.columns = List.copyOf(columns);
  }

  /** How many columns there are. */
  public int size() {
    return columns.size();
  }

  /** The columns under the names k0, k1, ... for the list of a select. */
  public String select() {
    return IntStream.range(0, columns.size())
        .mapToObj(i -> columns.get(i).sql() + " as k" + i)
        .collect(Collectors.joining(", "));
  }

  /** What follows `order by`. */
  public String orderBy() {
    return columns.stream().map(Keyset::orderBy).collect(Collectors.joining(", "));
  }

  private static String orderBy(Column column) {
    String direction = column.ascending() ? " asc" : " desc";
    String sql = column.expression() + direction + (column.nullable() ? " nulls last" : "");
    return column.type() == Type.NUMBER && !column.ascending()
        ? "case when "
            + column.sql()
            + " < 'NaN'::float8 then 0 when "
            + column.sql()
            + " is null then 2 else 1 end, "
            + sql
        : sql;
  }

  /** The same order by columns that have the names {@link #select} gave them, after a prefix. */
  public Keyset named(String prefix) {
    return new Keyset(
        IntStream.range(0, columns.size())
            .mapToObj(
                i -> {
                  Column column = columns.get(i);
                  return new Column(
                      prefix + i, column.type(), column.ascending(), column.nullable());
                })
            .toList());
  }

  /** The order without its first columns, for rows that are equal in those. */
  public Keyset from(int column) {
    return new Keyset(columns.subList(column, columns.size()));
  }

  /** The values of a row that {@link #select} was part of. */
  public List<@Nullable Object> values(Row row) {
    List<@Nullable Object> values = new ArrayList<>();
    for (int i = 0; i < columns.size(); i++) {
      String name = "k" + i;
      values.add(
          switch (columns.get(i).type()) {
            case NUMBER, FINITE -> row.float8OrNull(name);
            case WHOLE -> row.int8OrNull(name);
            case TEXT -> row.stringOrNull(name);
          });
    }
    return values;
  }

  /** The types of the columns, which a page token has to have. */
  public List<Type> types() {
    return columns.stream().map(Column::type).toList();
  }

  /** The condition that a row comes after the one with those values. */
  public String after(List<@Nullable Object> values, SqlParameters parameters) {
    List<String> cases = new ArrayList<>();
    StringBuilder same = new StringBuilder();
    String bound = "";
    for (int i = 0; i < columns.size(); i++) {
      Column column = columns.get(i);
      Object value = values.get(i);
      String parameter = value == null ? "" : parameters.add(value) + cast(column.type());
      if (i == 0 && value != null && !column.nullable() && column.type() != Type.NUMBER) {
        // Follows from the rest; an index can begin with it.
        bound = column.expression() + (column.ascending() ? " >= " : " <= ") + parameter + " and ";
      }
      String greater = greater(column, value, parameter);
      if (!greater.isEmpty()) {
        cases.add("(" + same + greater + ")");
      }
      same.append(column.sql())
          .append(value == null ? " is null" : " = " + parameter)
          .append(" and ");
    }
    return cases.isEmpty() ? "false" : bound + "(" + String.join(" or ", cases) + ")";
  }

  private static String greater(Column column, @Nullable Object value, String parameter) {
    String missing = column.nullable() ? column.sql() + " is null" : "";
    if (value == null) {
      return "";
    }
    if (value instanceof Double number && number.isNaN()) {
      return missing;
    }
    String sql = column.expression();
    String beyond =
        column.ascending()
            ? sql + " > " + parameter
            : column.type() == Type.NUMBER
                ? sql + " < " + parameter + " or " + column.sql() + " = 'NaN'::float8"
                : sql + " < " + parameter;
    return "(" + beyond + (missing.isEmpty() ? "" : " or " + missing) + ")";
  }

  private static String cast(Type type) {
    return switch (type) {
      case NUMBER, FINITE -> "::float8";
      case WHOLE -> "::bigint";
      case TEXT -> "::text";
    };
  }
}
