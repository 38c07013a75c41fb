package io.millrace.tracking.runs;

import io.millrace.tracking.experiments.ViewType;
import io.millrace.tracking.search.Entity;
import io.millrace.tracking.search.Filter;
import io.millrace.tracking.search.Operator;
import io.millrace.tracking.search.SqlFilter;
import io.millrace.tracking.search.SqlParameters;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What a search asks of a run, written into one statement. */
final class RunConditions {

  /** Characters of a value that an index has. */
  private static final int SOUGHT = 100;

  private final RunQuery query;
  private final RunClauses clauses;
  private final SqlParameters parameters;

  /** Whether clauses are tested run by run, which needs no experiment. */
  private final boolean probing;

  private final Set<Filter.Clause> gathered = new HashSet<>();
  private String runId = "r.run_id";

  /** The value of the first metric of the order, where its index leads. */
  private @Nullable String ordered;

  private @Nullable String experiments;

  RunConditions(RunQuery query, RunClauses clauses, SqlParameters parameters, boolean probing) {
    this.query = query;
    this.clauses = clauses;
    this.parameters = parameters;
    this.probing = probing;
  }

  /**
   * Says where the run comes from.
   *
   * @param id the column of its id
   * @param orderedBy the column of the first metric of the order, where its index leads
   */
  void from(String id, @Nullable String orderedBy) {
    runId = id;
    ordered = orderedBy;
  }

  /** What equals the id of each experiment that is searched. */
  String experimentIds() {
    if (experiments == null) {
      Long[] ids = query.ids();
      experiments =
          ids.length == 1
              ? parameters.add(ids[0]) + "::bigint"
              : "any (" + parameters.add(ids) + "::bigint[])";
    }
    return experiments;
  }

  /** The runs of these clauses are read first and kept in memory. */
  void gather(List<Integer> required) {
    required.forEach(clause -> gathered.add(query.required().get(clause)));
  }

  /** Appends what a run has to be. */
  void append(StringBuilder sql, Filter.@Nullable Clause leading) {
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

  /**
   * What a run has to be for a clause.
   *
   * @param leading the clause whose runs are looked at, which is true of them
   */
  String clause(Filter.Clause clause, Filter.@Nullable Clause leading) {
    if (leading != null
        && !RunClauses.isRunId(leading)
        && clauses.range(leading).contains(clause)) {
      return "true";
    }
    if (ordered != null && clauses.ofOrder(clause)) {
      return SqlFilter.test(ordered, clause.test(), parameters);
    }
    if (!clauses.range(clause).getFirst().equals(clause)) {
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
              "latest_metrics m where m.run_id = "
                  + runId
                  + searched("m")
                  + besides(clause, "m.value"),
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
    return clauses.range(clause).stream()
        .filter(other -> !other.equals(clause))
        .map(other -> " and " + SqlFilter.test(value, other.test(), parameters))
        .collect(Collectors.joining());
  }

  private String keyed(String table, Filter.Clause clause) {
    return SqlFilter.keyed(
        table + " t where t.run_id = " + runId + searched("t"),
        "t.key",
        // A value as short as this is found, or told apart, by what the index has of it.
        isShort(clause.test()) ? "t.sought" : whole(table, "t"),
        clause,
        parameters);
  }

  /** The value of a row, read from the table only where the index does not have all of it. */
  static String whole(String table, String row) {
    return "case when length(%2$s.sought) < %3$s then %2$s.sought else (select v.value from %1$s v where v.run_id = %2$s.run_id and v.key = %2$s.key) end"
        .formatted(table, row, SOUGHT);
  }

  /** Where a table's rows are of the experiments that are searched. */
  String searched(String table) {
    return probing ? "" : " and " + table + ".experiment_id = " + experimentIds();
  }

  /** A table and the condition under which an index finds a clause's runs in it. */
  String leading(Filter.Clause clause) {
    if (RunClauses.isRunId(clause)) {
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

  /** The column of an attribute. */
  static String column(String attribute) {
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

  private static boolean isShort(Filter.Test test) {
    return switch (test) {
      case Filter.Text(Operator operator, String value) ->
          (operator == Operator.EQ || operator == Operator.NE) && isShort(value);
      case Filter.OneOf(boolean negated, List<String> values) ->
          values.stream().allMatch(RunConditions::isShort);
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
          new Filter.OneOf(negated, values.stream().map(RunConditions::shortened).toList());
      case Filter.Test other -> other;
    };
  }

  private static String shortened(String value) {
    return isShort(value) ? value : value.substring(0, value.offsetByCodePoints(0, SOUGHT));
  }
}
