package io.millrace.tracking.runs;

import io.millrace.tracking.experiments.ExperimentId;
import io.millrace.tracking.experiments.ViewType;
import io.millrace.tracking.search.Entity;
import io.millrace.tracking.search.Field;
import io.millrace.tracking.search.Filter;
import io.millrace.tracking.search.OrderKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * What a search of runs asks.
 *
 * @param order the keys the client gave, completed with those that make every place unique
 */
record RunQuery(
    List<ExperimentId> experiments, ViewType view, Filter filter, List<OrderKey> order) {

  static final Field START_TIME = new Field(Entity.ATTRIBUTE, "start_time");
  static final Field RUN_ID = new Field(Entity.ATTRIBUTE, "run_id");

  static RunQuery of(
      Collection<ExperimentId> experiments, ViewType view, Filter filter, List<OrderKey> order) {
    List<OrderKey> whole = new ArrayList<>(order);
    if (order.stream().noneMatch(key -> key.field().equals(START_TIME))) {
      whole.add(new OrderKey(START_TIME, false));
    }
    if (order.stream().noneMatch(key -> key.field().equals(RUN_ID))) {
      whole.add(new OrderKey(RUN_ID, true));
    }
    return new RunQuery(experiments.stream().distinct().toList(), view, filter, whole);
  }

  /** Of the experiments, as parameters of a statement. */
  Long[] ids() {
    return experiments.stream().map(ExperimentId::value).toArray(Long[]::new);
  }

  /** The key that the order begins with. */
  OrderKey first() {
    return order.getFirst();
  }

  /** Whether the order begins with a metric. */
  boolean byMetric() {
    return first().field().entity() == Entity.METRIC;
  }

  /** The clauses that all have to be true, among others that are less simple. */
  List<Filter.Clause> required() {
    return switch (filter) {
      case Filter.Clause clause -> List.of(clause);
      case Filter.And(List<Filter> parts) ->
          parts.stream()
              .filter(Filter.Clause.class::isInstance)
              .map(Filter.Clause.class::cast)
              .toList();
      case Filter.Or or -> List.of();
      case Filter.Not not -> List.of();
    };
  }

  /** True where an index that has the order may name many runs that are not found. */
  boolean selective() {
    return filtered() || view == ViewType.DELETED_ONLY;
  }

  boolean filtered() {
    return !(filter instanceof Filter.And(List<Filter> parts) && parts.isEmpty());
  }
}
