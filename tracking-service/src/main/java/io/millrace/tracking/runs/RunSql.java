package io.millrace.tracking.runs;

import io.millrace.tracking.experiments.ExperimentId;
import io.millrace.tracking.experiments.ViewType;
import io.millrace.tracking.search.Entity;
import io.millrace.tracking.search.Filter;
import io.millrace.tracking.search.Keyset;
import io.millrace.tracking.search.Keyset.Column;
import io.millrace.tracking.search.Keyset.Type;
import io.millrace.tracking.search.Operator;
import io.millrace.tracking.search.OrderKey;
import io.millrace.tracking.search.SqlFilter;
import io.millrace.tracking.search.SqlParameters;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The statements of one search. Each finds the next runs of the order among part of the runs; the
 * parts differ in what leads to a run: everything, a clause with few runs, or the order itself.
 */
final class RunSql {

  /** Characters of a value that an index has. */
  private static final int SOUGHT = 100;

  private final RunQuery query;
  private final Keyset keyset;

  RunSql(RunQuery query) {
    this.query = query;
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

  Keyset keyset() {
    return keyset;
  }

  /** True where an index has the runs in the order of its first key. */
  boolean orderLeads() {
    return byMetric() || byStart();
  }

  boolean byMetric() {
    return first().field().entity() == Entity.METRIC;
  }

  private boolean byStart() {
    return first().field().equals(RunQuery.START_TIME);
  }

  /** True where runs that lack the first metric come in the order of an index as well. */
  boolean startFollows() {
    return query.order().size() > 1 && query.order().get(1).field().equals(RunQuery.START_TIME);
  }

  private boolean ascending(boolean missing) {
    return missing ? query.order().get(1).ascending() : first().ascending();
  }

  private static String beyond(boolean ascending, boolean open) {
    return (ascending ? " >" : " <") + (open ? " " : "= ");
  }

  private OrderKey first() {
    return query.order().getFirst();
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
    writer.gather(gathered);
    Filter.Clause leading = query.required().get(clause);
    if (isRunId(leading)) {
      return writer.page("runs r", part, after, leading, limit);
    }
    writer.runId = "c.run_id";
    String from =
        "(select c.run_id from "
            + writer.leading(leading)
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
    boolean metric = byMetric() && !missing;
    Writer writer = new Writer(true);
    writer.runId = metric ? "o0.run_id" : "r.run_id";
    writer.ordered = metric ? "o0.value" : null;
    writer.gather(gathered);
    Keyset finite = metric ? new Keyset(columns(true)) : keyset;
    List<ExperimentId> experiments = query.experiments();
    if (experiments.size() == 1) {
      return writer.alongOrder(
          writer.experimentIds(), range, after, metric, missing, limit, finite);
    }
    return writer.alongOrders(range, after, metric, missing, limit, finite);
  }

  /** The value of the first key so many entries after a value: milestone, null past the end. */
  Statement milestone(Range begin, boolean missing, int entries) {
    Writer writer = new Writer(true);
    String milestone = writer.milestone(begin, missing, entries);
    return new Statement("select (" + milestone + ") as milestone", writer.parameters.toArray());
  }

  /** Which clauses an index finds runs by. */
  List<Integer> leadingClauses() {
    return leadingClauses(clause -> true);
  }

  /** The same without those that bound the order's own index. */
  List<Integer> leadingAlongMetric() {
    return leadingClauses(clause -> !ofOrder(clause));
  }

  private List<Integer> leadingClauses(Predicate<Filter.Clause> wanted) {
    List<Integer> leading = new ArrayList<>();
    List<Filter.Clause> required = query.required();
    for (int i = 0; i < required.size(); i++) {
      Filter.Clause clause = required.get(i);
      if (leads(clause) && wanted.test(clause) && range(clause).getFirst() == clause) {
        leading.add(i);
      }
    }
    return leading;
  }

  /** Whether a run passes only where the first metric of the order is a number. */
  boolean requiresNumber() {
    return query.required().stream()
        .anyMatch(clause -> ofOrder(clause) && clause.test() instanceof Filter.Number);
  }

  /**
   * What is asked of a metric besides: a run has one value of it, so that all of that is one
   * stretch of its index. The first clause stands for the others.
   */
  private List<Filter.Clause> range(Filter.Clause clause) {
    if (clause.field().entity() != Entity.METRIC || !query.required().contains(clause)) {
      return List.of(clause);
    }
    List<Filter.Clause> range =
        query.required().stream()
            .filter(other -> other.field().equals(clause.field()) && leads(other))
            .toList();
    return leads(clause) ? range : List.of(clause);
  }

  private boolean ofOrder(Filter.Clause clause) {
    return byMetric() && clause.field().equals(first().field());
  }

  /** Whether the required clause of that number is one of those. */
  boolean leads(long clause) {
    return clause >= 0
        && clause < query.required().size()
        && leads(query.required().get((int) clause));
  }

  /** The required clause that names the runs themselves. */
  Optional<Integer> namesRuns() {
    List<Filter.Clause> required = query.required();
    for (int i = 0; i < required.size(); i++) {
      if (isRunId(required.get(i)) && leads(required.get(i))) {
        return Optional.of(i);
      }
    }
    return Optional.empty();
  }

  /** How many runs each of some clauses finds, counted up to a limit: n0, n1, ... */
  Statement counts(List<Integer> clauses, int limit) {
    Writer writer = new Writer(true);
    return new Statement("select " + writer.counts(clauses, limit), writer.parameters.toArray());
  }

  /**
   * The same counts; how many runs the order names next, up to a limit, and how many of them fulfil
   * each clause: sampled, h0, h1, ...; and the order's milestone after so many entries.
   */
  Statement opening(List<Integer> clauses, int limit, Range begin, int sampled, int entries) {
    Writer writer = new Writer(true);
    String sql =
        "select s.*, %s, (%s) as milestone from (%s) s"
            .formatted(
                writer.counts(clauses, limit),
                writer.milestone(begin, false, entries),
                writer.sample(clauses, begin, sampled));
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

  /** How many conditions a run is tested for that those clauses do not stand for. */
  int others(List<Integer> clauses, boolean missing) {
    long along = missing ? 0 : query.required().stream().filter(this::ofOrder).count();
    int stood =
        clauses.stream().mapToInt(clause -> range(query.required().get(clause)).size()).sum();
    return (int) (conditions(query.filter()) - stood - along)
        + (query.view() == ViewType.DELETED_ONLY ? 1 : 0)
        + (missing ? 1 : 0);
  }

  private static int conditions(Filter filter) {
    return switch (filter) {
      case Filter.And(List<Filter> parts) -> parts.stream().mapToInt(RunSql::conditions).sum();
      case Filter.Or(List<Filter> parts) -> parts.stream().mapToInt(RunSql::conditions).sum();
      case Filter.Not(Filter part) -> conditions(part);
      case Filter.Clause clause -> 1;
    };
  }

  private static boolean isRunId(Filter.Clause clause) {
    return clause.field().equals(RunQuery.RUN_ID);
  }

  private static boolean leads(Filter.Clause clause) {
    return switch (clause.field().entity()) {
      case METRIC ->
          clause.test() instanceof Filter.Number(Operator operator, double value)
              && operator != Operator.NE;
      case PARAM, TAG -> positive(clause.test());
      case ATTRIBUTE -> isRunId(clause) && positive(clause.test());
      case DATASET -> false;
    };
  }

  private static boolean positive(Filter.Test test) {
    return switch (test) {
      case Filter.Text(Operator operator, String value) -> operator == Operator.EQ;
      case Filter.OneOf(boolean negated, List<String> values) -> !negated;
      case Filter.Number number -> false;
      case Filter.Whole whole -> false;
      case Filter.Present present -> false;
    };
  }

  private Long[] ids() {
    return query.experiments().stream().map(ExperimentId::value).toArray(Long[]::new);
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
                  default -> Column.of(column(key.field().key()), Type.TEXT, up);
                };
          });
    }
    return columns;
  }

  private static String column(String attribute) {
    return switch (attribute) {
      case "run_id" -> "r.run_id";
      case "run_name" -> "r.name";
      case "user_id" -> "r.user_id";
      case "status" -> "r.status";
      case "artifact_uri" -> "r.artifact_uri";
      case "start_time" -> "r.start_time";
      case "end_time" -> "r.end_time";
      default -> throw new IllegalArgumentException("an attribute of runs: " + attribute);
    };
  }

  /** Writes one statement. */
  private final class Writer {

    private final SqlParameters parameters = new SqlParameters();

    /** Whether clauses are tested run by run, which needs no experiment. */
    private final boolean probing;

    private final Set<Filter.Clause> gathered = new HashSet<>();
    private String runId = "r.run_id";

    /** The value of the first metric of the order, where its index leads. */
    private @Nullable String ordered;

    private @Nullable String experiments;

    Writer(boolean probing) {
      this.probing = probing;
    }

    String experimentIds() {
      if (experiments == null) {
        Long[] ids = ids();
        experiments =
            ids.length == 1
                ? parameters.add(ids[0]) + "::bigint"
                : "any (" + parameters.add(ids) + "::bigint[])";
      }
      return experiments;
    }

    void gather(List<Integer> clauses) {
      clauses.forEach(clause -> gathered.add(query.required().get(clause)));
    }

    String sample(List<Integer> clauses, Range begin, int entries) {
      String count = parameters.add((long) entries) + "::bigint";
      String of = byMetric() ? "latest_metrics o" : "runs o";
      String column = byMetric() ? "o.value" : "o.start_time";
      String direction = ascending(false) ? " asc" : " desc";
      String inner =
          entries(column + " as value, o.run_id", of, column, begin, byMetric(), false)
              + " limit "
              + count;
      StringBuilder sql = new StringBuilder("select count(*) as sampled");
      for (int i = 0; i < clauses.size(); i++) {
        sql.append(", count(*) filter (where ")
            .append(clause(query.required().get(clauses.get(i)), null))
            .append(") as h")
            .append(i);
      }
      return sql.append(
              " from (select x.run_id from unnest(%s::bigint[]) e (id) cross join lateral (%s) x order by x.value%s limit %s) r"
                  .formatted(parameters.add(ids()), inner, direction, count))
          .toString();
    }

    String counts(List<Integer> clauses, int limit) {
      String most = parameters.add((long) limit);
      List<String> counts = new ArrayList<>();
      for (int clause : clauses) {
        counts.add(
            "(select count(*) from (select 1 from %s limit %s::bigint) x) as n%d"
                .formatted(leading(query.required().get(clause)), most, counts.size()));
      }
      return String.join(", ", counts);
    }

    String milestone(Range begin, boolean missing, int entries) {
      boolean metric = byMetric() && !missing;
      String column = metric ? "o.value" : "o.start_time";
      String of = metric ? "latest_metrics o" : "runs o";
      String count = parameters.add((long) entries) + "::bigint";
      String inner =
          entries(column + " as value", of, column, begin, metric, missing)
              + " limit "
              + count
              + " + 1";
      return "select x.value from unnest(%s::bigint[]) e (id) cross join lateral (%s) x order by x.value%s offset %s limit 1"
          .formatted(parameters.add(ids()), inner, ascending(missing) ? " asc" : " desc", count);
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
            .append(parameters.add(first().field().key()))
            .append("::text and o.value < 'NaN'::float8");
        for (Filter.Clause clause : query.required()) {
          if (ofOrder(clause)) {
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
      sql.append(" where r.experiment_id = ").append(experimentIds());
      conditions(sql, leading);
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
      String ids = parameters.add(ids());
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
            .append(parameters.add(first().field().key()))
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
      conditions(sql, null);
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

    private void conditions(StringBuilder sql, Filter.@Nullable Clause leading) {
      if (query.view() != ViewType.ALL) {
        sql.append(" and r.lifecycle_stage = any (")
            .append(parameters.add(query.view().stages()))
            .append("::text[])");
      }
      if (query.filtered()) {
        sql.append(" and (")
            .append(
                SqlFilter.of(query.filter(), (clause, all) -> clause(clause, leading), parameters))
            .append(")");
      }
    }

    private String clause(Filter.Clause clause, Filter.@Nullable Clause leading) {
      if (leading != null && !isRunId(leading) && range(leading).contains(clause)) {
        return "true";
      }
      if (ordered != null && ofOrder(clause)) {
        return SqlFilter.test(ordered, clause.test(), parameters);
      }
      if (!range(clause).getFirst().equals(clause)) {
        return "true";
      }
      if (gathered.contains(clause)) {
        // As a condition it would become a join, which forgets the order; as a value it does not.
        return "(%s in (select c.run_id from %s)) is true".formatted(runId, leading(clause));
      }
      return tested(clause);
    }

    private String tested(Filter.Clause clause) {
      return switch (clause.field().entity()) {
        case METRIC ->
            SqlFilter.keyed(
                "latest_metrics m where m.run_id = " + runId + of("m") + besides(clause, "m.value"),
                "m.key",
                "m.value",
                clause,
                parameters);
        case PARAM -> keyed("run_params", clause);
        case TAG -> keyed("run_tags", clause);
        case ATTRIBUTE -> SqlFilter.test(column(clause.field().key()), clause.test(), parameters);
        case DATASET -> dataset(clause);
      };
    }

    private String besides(Filter.Clause clause, String value) {
      return range(clause).stream()
          .filter(other -> !other.equals(clause))
          .map(other -> " and " + SqlFilter.test(value, other.test(), parameters))
          .collect(Collectors.joining());
    }

    private String keyed(String table, Filter.Clause clause) {
      return SqlFilter.keyed(
          table + " t where t.run_id = " + runId + of("t"),
          "t.key",
          // A value as short as this is found, or told apart, by what the index has of it.
          isShort(clause.test()) ? "t.sought" : whole(table, "t"),
          clause,
          parameters);
    }

    /** The value of a row, read from the table only where the index does not have all of it. */
    private static String whole(String table, String row) {
      return "case when length(%2$s.sought) < %3$s then %2$s.sought else (select v.value from %1$s v where v.run_id = %2$s.run_id and v.key = %2$s.key) end"
          .formatted(table, row, SOUGHT);
    }

    private String of(String table) {
      return probing ? "" : " and " + table + ".experiment_id = " + experimentIds();
    }

    /** A table and the condition under which an index finds a clause's runs in it. */
    String leading(Filter.Clause clause) {
      if (isRunId(clause)) {
        return "runs c where c.experiment_id = "
            + experimentIds()
            + " and "
            + SqlFilter.test("c.run_id", clause.test(), parameters);
      }
      boolean metric = clause.field().entity() == Entity.METRIC;
      String table =
          metric
              ? "latest_metrics"
              : clause.field().entity() == Entity.PARAM ? "run_params" : "run_tags";
      String found =
          table
              + " c where c.experiment_id = "
              + experimentIds()
              + " and c.key = "
              + parameters.add(clause.field().key())
              + "::text and ";
      if (metric) {
        return found
            + SqlFilter.test("c.value", clause.test(), parameters)
            + besides(clause, "c.value");
      }
      if (isShort(clause.test())) {
        return found + SqlFilter.test("c.sought", clause.test(), parameters);
      }
      return found
          + SqlFilter.test("c.sought", shortened(clause.test()), parameters)
          + " and "
          + SqlFilter.test("c.value", clause.test(), parameters);
    }

    private String dataset(Filter.Clause clause) {
      String inputs = "exists (select 1 from run_datasets d ";
      return switch (clause.field().key()) {
        case "name", "digest" ->
            inputs
                + "where d.run_id = r.run_id and "
                + SqlFilter.test("d." + clause.field().key(), clause.test(), parameters)
                + ")";
        default ->
            inputs
                + "cross join lateral jsonb_to_recordset(d.tags) as t (key text, value text)"
                + " where d.run_id = r.run_id and t.key = 'mlflow.data.context' and "
                + SqlFilter.test("t.value", clause.test(), parameters)
                + ")";
      };
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
                  .formatted(whole(table, "x"), table);
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
              .append(of("o" + i));
        }
      }
      return joins.toString();
    }

    private String limit(int limit) {
      return " limit " + parameters.add((long) limit) + "::bigint";
    }
  }

  private static boolean isShort(Filter.Test test) {
    return switch (test) {
      case Filter.Text(Operator operator, String value) ->
          (operator == Operator.EQ || operator == Operator.NE) && isShort(value);
      case Filter.OneOf(boolean negated, List<String> values) ->
          values.stream().allMatch(RunSql::isShort);
      case Filter.Number number -> false;
      case Filter.Whole whole -> false;
      case Filter.Present present -> true;
    };
  }

  private static boolean isShort(String value) {
    return value.codePointCount(0, value.length()) < SOUGHT;
  }

  private static Filter.Test shortened(Filter.Test test) {
    return switch (test) {
      case Filter.Text(Operator operator, String value) ->
          new Filter.Text(operator, shortened(value));
      case Filter.OneOf(boolean negated, List<String> values) ->
          new Filter.OneOf(negated, values.stream().map(RunSql::shortened).toList());
      case Filter.Test other -> other;
    };
  }

  private static String shortened(String value) {
    return isShort(value) ? value : value.substring(0, value.offsetByCodePoints(0, SOUGHT));
  }
}
