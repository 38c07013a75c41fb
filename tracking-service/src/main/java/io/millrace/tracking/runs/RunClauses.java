package io.millrace.tracking.runs;

import io.millrace.tracking.experiments.ViewType;
import io.millrace.tracking.search.Entity;
import io.millrace.tracking.search.Filter;
import io.millrace.tracking.search.Operator;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Which clauses of a search lead to runs by an index, and which of them stand for others. */
final class RunClauses {

  private final RunQuery query;

  RunClauses(RunQuery query) {
    this.query = query;
  }

  /** Which clauses an index finds runs by. */
  List<Integer> leading() {
    return leading(clause -> true);
  }

  /** The same without those that bound the order's own index. */
  List<Integer> leadingAlongMetric() {
    return leading(clause -> !ofOrder(clause));
  }

  private List<Integer> leading(Predicate<Filter.Clause> wanted) {
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
  List<Filter.Clause> range(Filter.Clause clause) {
    if (clause.field().entity() != Entity.METRIC || !query.required().contains(clause)) {
      return List.of(clause);
    }
    List<Filter.Clause> range =
        query.required().stream()
            .filter(other -> other.field().equals(clause.field()) && leads(other))
            .toList();
    return leads(clause) ? range : List.of(clause);
  }

  /** Whether a clause asks of the metric that the order begins with. */
  boolean ofOrder(Filter.Clause clause) {
    return query.byMetric() && clause.field().equals(query.first().field());
  }

  /** Whether an index finds runs by the required clause of that number. */
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

  /** How many conditions a run is tested for that the clauses of those numbers do not stand for. */
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
      case Filter.And(List<Filter> parts) -> parts.stream().mapToInt(RunClauses::conditions).sum();
      case Filter.Or(List<Filter> parts) -> parts.stream().mapToInt(RunClauses::conditions).sum();
      case Filter.Not(Filter part) -> conditions(part);
      case Filter.Clause clause -> 1;
    };
  }

  /** Whether a clause asks for the runs themselves. */
  static boolean isRunId(Filter.Clause clause) {
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
}
