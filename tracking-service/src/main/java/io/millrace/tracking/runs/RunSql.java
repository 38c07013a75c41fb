package io.millrace.tracking.runs;

import io.millrace.tracking.experiments.ExperimentId;
import io.millrace.tracking.search.Entity;
import io.millrace.tracking.search.Filter;
import io.millrace.tracking.search.Keyset;
import io.millrace.tracking.search.Keyset.Column;
import io.millrace.tracking.search.Keyset.Type;
import io.millrace.tracking.search.OrderKey;
import io.millrace.tracking.search.SqlFilter;
import io.millrace.tracking.search.SqlParameters;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The statements of one search. Each finds the next runs of the order among part of the runs; the
 * parts differ in what leads to a run: everything, a clause with few runs, or the order itself.
 */
final class RunSql {

  private final RunQuery query;
  private final RunClauses clauses;
  private final Keyset keyset;

  RunSql(RunQuery query) {
    this.query = query;
    this.clauses = new RunClauses(query);
    this.keyset = new Keyset(columns(false));
  }

  /** A statement with its parameters. */
  record Statement(String sql, Object[] args) {}

  /** Which runs a statement looks at, by the first key of the order. */
  enum Part {
    EVERYTHING,
    /** Those for which the metric is not a number. */
    NOT_A_NUMBER,
    /** Those that do not have the metric. */
    MISSING
  }

  /**
   * Values of an order's first key, in the direction of the order.
   *
   * @param from null from the beginning
   * @param open whether `from` itself is left out
   * @param to the last one; null to the end
   */
  record Range(@Nullable Object from, boolean open, @Nullable Object to) {}

  RunClauses clauses() {
    return clauses;
  }

  Keyset keyset() {
    return keyset;
  }

  /** True where an index has the runs in the order of its first key. */
  boolean orderLeads() {
    return query.byMetric() || byStart();
  }

  private boolean byStart() {
    return query.first().field().equals(RunQuery.START_TIME);
  }

  /** True where runs that lack the first metric come in the order of an index as well. */
  boolean startFollows() {
    return query.order().size() > 1 && query.order().get(1).field().equals(RunQuery.START_TIME);
  }

  private boolean ascending(boolean missing) {
    return missing ? query.order().get(1).ascending() : query.first().ascending();
  }

  private static String beyond(boolean ascending, boolean open) {
    return (ascending ? " >" : " <") + (open ? " " : "= ");
  }

  /** Lets the planner choose its way. */
  Statement free(Part part, @Nullable List<@Nullable Object> after, int limit) {
    Writer writer = new Writer(false);
    return writer.page("runs r", part, after, null, limit);
  }

  /**
   * Goes from the runs that a clause finds to the rest.
   *
   * @param gathered other clauses whose runs are read first and kept in memory
   */
  Statement fromClause(
      int clause,
      List<Integer> gathered,
      Part part,
      @Nullable List<@Nullable Object> after,
      int limit) {
    Writer writer = new Writer(true);
    writer.conditions.gather(gathered);
    Filter.Clause leading = query.required().get(clause);
    if (RunClauses.isRunId(leading)) {
      return writer.page("runs r", part, after, leading, limit);
    }
    writer.conditions.from("c.run_id", null);
    String from =
        "(select c.run_id from "
            + writer.conditions.leading(leading)
            + ") c join runs r on r.run_id = c.run_id";
    return writer.page(from, part, after, leading, limit);
  }

  /**
   * Goes along the order's index through a range of the first key.
   *
   * @param missing whether that is the order among runs that lack the first metric
   * @param gathered clauses whose runs are read first and kept in memory
   */
  Statement fromOrder(
      Range range,
      @Nullable List<@Nullable Object> after,
      boolean missing,
      int limit,
      List<Integer> gathered) {
    boolean metric = query.byMetric() && !missing;
    Writer writer = new Writer(true);
    writer.conditions.from(metric ? "o0.run_id" : "r.run_id", metric ? "o0.value" : null);
    writer.conditions.gather(gathered);
    Keyset finite = metric ? new Keyset(columns(true)) : keyset;
    List<ExperimentId> experiments = query.experiments();
    if (experiments.size() == 1) {
      return writer.alongOrder(
          writer.conditions.experimentIds(), range, after, metric, missing, limit, finite);
    }
    return writer.alongOrders(range, after, metric, missing, limit, finite);
  }

  /** The value of the first key so many entries after a value: milestone, null past the end. */
  Statement milestone(Range begin, boolean missing, int entries) {
    Writer writer = new Writer(true);
    String milestone = writer.milestone(begin, missing, entries);
    return new Statement("select (" + milestone + ") as milestone", writer.parameters.toArray());
  }

  /** How many runs each of some clauses finds, counted up to a limit: n0, n1, ... */
  Statement counts(List<Integer> leading, int limit) {
    Writer writer = new Writer(true);
    return new Statement("select " + writer.counts(leading, limit), writer.parameters.toArray());
  }

  /**
   * The same counts; how many runs the order names next, up to a limit, and how many of them fulfil
   * each clause: sampled, h0, h1, ...; and the order's milestone after so many entries.
   */
  Statement opening(List<Integer> leading, int limit, Range begin, int sampled, int entries) {
    Writer writer = new Writer(true);
    String sql =
        "select s.*, %s, (%s) as milestone from (%s) s"
            .formatted(
                writer.counts(leading, limit),
                writer.milestone(begin, false, entries),
                writer.sample(leading, begin, sampled));
    return new Statement(sql, writer.parameters.toArray());
  }

  /** About how many runs those experiments have, by the planner's statistics: runs. */
  static Statement size(List<ExperimentId> experiments) {
    return new Statement(
        """
        select greatest(c.reltuples, 0)::float8 * coalesce(
            (select coalesce(sum(x.share) filter (where x.id = any ($1::bigint[])), min(x.share))
              from pg_stats s
                cross join lateral unnest(s.most_common_vals::text::bigint[], s.most_common_freqs) x (id, share)
              where s.schemaname = current_schema() and s.tablename = 'runs' and s.attname = 'experiment_id'),
            1)::float8 as runs
        from pg_class c where c.oid = 'runs'::regclass
        """,
        new Object[] {experiments.stream().map(ExperimentId::value).toArray(Long[]::new)});
  }

  private List<Column> columns(boolean finite) {
    List<Column> columns = new ArrayList<>();
    for (int i = 0; i < query.order().size(); i++) {
      OrderKey key = query.order().get(i);
      boolean up = key.ascending();
      columns.add(
          switch (key.field().entity()) {
            case METRIC ->
                finite && i == 0
                    ? Column.of("o0.value", Type.FINITE, up)
                    : new Column("o" + i + ".value", Type.NUMBER, up, true);
            case PARAM, TAG, DATASET -> new Column("o" + i + ".value", Type.TEXT, up, true);
            case ATTRIBUTE ->
                switch (key.field().key()) {
                  case "start_time" -> Column.of("r.start_time", Type.WHOLE, up);
                  case "end_time" -> new Column("r.end_time", Type.WHOLE, up, true);
                  default -> Column.of(RunConditions.column(key.field().key()), Type.TEXT, up);
                };
          });
    }
    return columns;
  }

  /** Writes one statement. */
  private final class Writer {

    private final SqlParameters parameters = new SqlParameters();
    private final boolean probing;
    private final RunConditions conditions;

    /**
     * @param probing whether clauses are tested run by run, which needs no experiment
     */
    Writer(boolean probing) {
      this.probing = probing;
      this.conditions = new RunConditions(query, clauses, parameters, probing);
    }

    String sample(List<Integer> leading, Range begin, int entries) {
      String count = parameters.add((long) entries) + "::bigint";
      String of = query.byMetric() ? "latest_metrics o" : "runs o";
      String column = query.byMetric() ? "o.value" : "o.start_time";
      String direction = ascending(false) ? " asc" : " desc";
      String inner =
          entries(column + " as value, o.run_id", of, column, begin, query.byMetric(), false)
              + " limit "
              + count;
      StringBuilder sql = new StringBuilder("select count(*) as sampled");
      for (int i = 0; i < leading.size(); i++) {
        sql.append(", count(*) filter (where ")
            .append(conditions.clause(query.required().get(leading.get(i)), null))
            .append(") as h")
            .append(i);
      }
      return sql.append(
              " from (select x.run_id from unnest(%s::bigint[]) e (id) cross join lateral (%s) x order by x.value%s limit %s) r"
                  .formatted(parameters.add(query.ids()), inner, direction, count))
          .toString();
    }

    String counts(List<Integer> leading, int limit) {
      String most = parameters.add((long) limit);
      List<String> counts = new ArrayList<>();
      for (int clause : leading) {
        counts.add(
            "(select count(*) from (select 1 from %s limit %s::bigint) x) as n%d"
                .formatted(conditions.leading(query.required().get(clause)), most, counts.size()));
      }
      return String.join(", ", counts);
    }

    String milestone(Range begin, boolean missing, int entries) {
      boolean metric = query.byMetric() && !missing;
      String column = metric ? "o.value" : "o.start_time";
      String of = metric ? "latest_metrics o" : "runs o";
      String count = parameters.add((long) entries) + "::bigint";
      String inner =
          entries(column + " as value", of, column, begin, metric, missing)
              + " limit "
              + count
              + " + 1";
      return "select x.value from unnest(%s::bigint[]) e (id) cross join lateral (%s) x order by x.value%s offset %s limit 1"
          .formatted(
              parameters.add(query.ids()), inner, ascending(missing) ? " asc" : " desc", count);
    }

    /** What the order's index names in an experiment e. */
    private String entries(
        String select, String of, String column, Range begin, boolean metric, boolean missing) {
      StringBuilder sql =
          new StringBuilder("select ")
              .append(select)
              .append(" from ")
              .append(of)
              .append(" where o.experiment_id = e.id");
      if (metric) {
        sql.append(" and o.key = ")
            .append(parameters.add(query.first().field().key()))
            .append("::text and o.value < 'NaN'::float8");
        for (Filter.Clause clause : query.required()) {
          if (clauses.ofOrder(clause)) {
            sql.append(" and ").append(SqlFilter.test("o.value", clause.test(), parameters));
          }
        }
      }
      boolean ascending = ascending(missing);
      if (begin.from() != null) {
        sql.append(" and ")
            .append(column)
            .append(beyond(ascending, begin.open()))
            .append(parameters.add(begin.from()))
            .append(metric ? "::float8" : "::bigint");
      }
      return sql.append(" order by ")
          .append(column)
          .append(ascending ? " asc" : " desc")
          .toString();
    }

    Statement page(
        String from,
        Part part,
        @Nullable List<@Nullable Object> after,
        Filter.@Nullable Clause leading,
        int limit) {
      StringBuilder sql =
          new StringBuilder(probing ? "select r.*, " : "select r.run_id, ").append(keyset.select());
      sql.append(" from ").append(from).append(joins(0));
      sql.append(" where r.experiment_id = ").append(conditions.experimentIds());
      conditions.append(sql, leading);
      switch (part) {
        case EVERYTHING -> {}
        case NOT_A_NUMBER -> sql.append(" and o0.value = 'NaN'::float8");
        case MISSING -> sql.append(" and o0.run_id is null");
      }
      if (after != null) {
        sql.append(" and ").append(keyset.after(after, parameters));
      }
      sql.append(" order by ").append(keyset.orderBy()).append(limit(limit));
      return new Statement(
          probing ? sql.toString() : completed(sql.toString()), parameters.toArray());
    }

    /** All of the runs that were found: where many are hashed and sorted, they stay small so. */
    private String completed(String found) {
      return "select r.*, %s from (%s) x join runs r on r.run_id = x.run_id order by %s"
          .formatted(
              IntStream.range(0, keyset.size())
                  .mapToObj(i -> "x.k" + i)
                  .collect(Collectors.joining(", ")),
              found,
              keyset.named("x.k").orderBy());
    }

    Statement alongOrder(
        String experiment,
        Range range,
        @Nullable List<@Nullable Object> after,
        boolean metric,
        boolean missing,
        int limit,
        Keyset order) {
      return new Statement(
          along(experiment, range, after, metric, missing, limit, order), parameters.toArray());
    }

    /** The same in each experiment, merged. */
    Statement alongOrders(
        Range range,
        @Nullable List<@Nullable Object> after,
        boolean metric,
        boolean missing,
        int limit,
        Keyset order) {
      String ids = parameters.add(query.ids());
      String inner = along("e.id", range, after, metric, missing, limit, order);
      Keyset outer = order.named("x.k");
      return new Statement(
          "select x.* from unnest(%s::bigint[]) e (id) cross join lateral (%s) x order by %s%s"
              .formatted(ids, inner, outer.orderBy(), limit(limit)),
          parameters.toArray());
    }

    private String along(
        String experiment,
        Range range,
        @Nullable List<@Nullable Object> after,
        boolean metric,
        boolean missing,
        int limit,
        Keyset order) {
      StringBuilder sql = new StringBuilder("select r.*, ").append(order.select());
      if (metric) {
        sql.append(" from latest_metrics o0 join runs r on r.run_id = o0.run_id")
            .append(joins(1))
            .append(" where o0.experiment_id = ")
            .append(experiment)
            .append(" and o0.key = ")
            .append(parameters.add(query.first().field().key()))
            .append("::text and o0.value < 'NaN'::float8");
      } else {
        sql.append(" from runs r")
            .append(joins(0))
            .append(" where r.experiment_id = ")
            .append(experiment);
        if (missing) {
          sql.append(" and o0.run_id is null");
        }
      }
      conditions.append(sql, null);
      bounds(sql, range, metric ? "o0.value" : "r.start_time", ascending(missing));
      if (after != null) {
        sql.append(" and ").append(order.after(after, parameters));
      }
      sql.append(" order by ");
      if (missing) {
        sql.append(order.from(1).orderBy());
      } else {
        sql.append(order.orderBy());
      }
      return sql.append(limit(limit)).toString();
    }

    private void bounds(StringBuilder sql, Range range, String column, boolean ascending) {
      String type = column.endsWith("value") ? "::float8" : "::bigint";
      if (range.from() != null) {
        sql.append(" and ")
            .append(column)
            .append(range.from().equals(range.to()) ? " = " : beyond(ascending, range.open()))
            .append(parameters.add(range.from()))
            .append(type);
      }
      if (range.to() != null && !range.to().equals(range.from())) {
        sql.append(" and ")
            .append(column)
            .append(beyond(!ascending, false))
            .append(parameters.add(range.to()))
            .append(type);
      }
    }

    private String joins(int from) {
      StringBuilder joins = new StringBuilder();
      for (int i = from; i < query.order().size(); i++) {
        OrderKey key = query.order().get(i);
        String table =
            switch (key.field().entity()) {
              case METRIC -> "latest_metrics";
              case PARAM -> "run_params";
              case TAG -> "run_tags";
              case ATTRIBUTE, DATASET -> "";
            };
        if (!table.isEmpty()) {
          String text =
              "(select x.run_id, x.experiment_id, x.key, %s as value from %s x)"
                  .formatted(RunConditions.whole(table, "x"), table);
          joins
              .append(" left join ")
              .append(key.field().entity() == Entity.METRIC ? table : text)
              .append(" o")
              .append(i)
              .append(" on o")
              .append(i)
              .append(".run_id = r.run_id and o")
              .append(i)
              .append(".key = ")
              .append(parameters.add(key.field().key()))
              .append("::text")
              .append(conditions.searched("o" + i));
        }
      }
      return joins.toString();
    }

    private String limit(int limit) {
      return " limit " + parameters.add((long) limit) + "::bigint";
    }
  }
}
