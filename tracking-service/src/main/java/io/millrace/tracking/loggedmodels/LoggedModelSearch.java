package io.millrace.tracking.loggedmodels;

import io.millrace.database.Row;
import io.millrace.database.Tx;
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
import org.jspecify.annotations.Nullable;

/**
 * One search for logged models, as SQL. A clause about a metric is true where any of the model's
 * points fulfils it; what orders by a metric is the newest point by time, then step.
 */
final class LoggedModelSearch {

  private final List<ExperimentId> experiments;
  private final Filter filter;
  private final List<DatasetRef> datasets;
  private final SqlParameters parameters = new SqlParameters();
  private final StringBuilder joins = new StringBuilder();
  private final Keyset order;

  /**
   * A dataset that metrics were measured on.
   *
   * @param digest null where any will do
   */
  record DatasetRef(String name, @Nullable String digest) {}

  /** A key of the order, of a metric perhaps on one dataset. */
  record Order(OrderKey key, @Nullable DatasetRef dataset) {}

  /** A model with its place in the order. */
  record Hit(LoggedModel model, List<@Nullable Object> place) {}

  LoggedModelSearch(
      List<ExperimentId> experiments,
      Filter filter,
      List<DatasetRef> datasets,
      List<Order> orders) {
    this.experiments = experiments;
    this.filter = filter;
    this.datasets = datasets;
    List<Column> columns = new ArrayList<>();
    orders.forEach(key -> columns.add(column(key, columns.size())));
    Column newest = Column.of("m.creation_time", Type.WHOLE, false);
    if (columns.stream().noneMatch(column -> column.sql().equals(newest.sql()))) {
      columns.add(newest);
    }
    columns.add(Column.of("m.model_id", Type.TEXT, true));
    this.order = new Keyset(columns);
  }

  /** The types of the values of a place. */
  List<Type> types() {
    return order.types();
  }

  /** The models after a place of the order. */
  List<Hit> find(Tx tx, @Nullable List<@Nullable Object> after, int limit) {
    String sql =
        """
        select m.*, %s from logged_models m%s
        where m.experiment_id = any(%s::bigint[]) and m.lifecycle_stage = 'active'
          and (%s) and (%s) and (%s)
        order by %s limit %s
        """
            .formatted(
                order.select(),
                joins,
                parameters.add(experiments.stream().map(ExperimentId::value).toArray(Long[]::new)),
                SqlFilter.of(filter, this::clause, parameters),
                datasets.isEmpty() || asksMetrics(filter)
                    ? "true"
                    : "exists (select 1 from logged_model_metrics x where x.model_id = m.model_id%s)"
                        .formatted(on(datasets)),
                after == null ? "true" : order.after(after, parameters),
                order.orderBy(),
                parameters.add((long) limit));
    return tx.query(sql, this::hit, parameters.toArray());
  }

  private Hit hit(Row row) {
    return new Hit(LoggedModels.model(row), order.values(row));
  }

  private Column column(Order order, int number) {
    boolean ascending = order.key().ascending();
    String name = order.key().field().key();
    if (order.key().field().entity() == Entity.METRIC) {
      String alias = "o" + number;
      joins.append(
          """

           left join lateral (
            select x.value from logged_model_metrics x
            where x.model_id = m.model_id and x.key = %s%s
            order by x.timestamp_ms desc, x.step desc, x.value desc limit 1) %s on true"""
              .formatted(
                  parameters.add(name),
                  order.dataset() == null ? "" : on(List.of(order.dataset())),
                  alias));
      return new Column(alias + ".value", Type.NUMBER, ascending, true);
    }
    return Column.of(attribute(name), isTime(name) ? Type.WHOLE : Type.TEXT, ascending);
  }

  private String clause(Filter.Clause clause, SqlParameters into) {
    return switch (clause.field().entity()) {
      case ATTRIBUTE ->
          SqlFilter.test(
              attribute(clause.field().key()),
              clause.field().key().equals("status") ? shortened(clause.test()) : clause.test(),
              into);
      case METRIC ->
          SqlFilter.keyed(
              "logged_model_metrics x where x.model_id = m.model_id" + on(datasets),
              "x.key",
              "x.value",
              clause,
              into);
      case PARAM ->
          SqlFilter.keyed(
              "logged_model_params x where x.model_id = m.model_id",
              "x.key",
              "x.value",
              clause,
              into);
      case TAG ->
          SqlFilter.keyed(
              "logged_model_tags x where x.model_id = m.model_id",
              "x.key",
              "x.value",
              clause,
              into);
      case DATASET -> throw new IllegalStateException("the vocabulary has no datasets");
    };
  }

  private static Filter.Test shortened(Filter.Test test) {
    return switch (test) {
      case Filter.Text(var operator, String value) ->
          new Filter.Text(operator, LoggedModelStatus.shortName(value));
      case Filter.OneOf(boolean negated, List<String> values) ->
          new Filter.OneOf(negated, values.stream().map(LoggedModelStatus::shortName).toList());
      default -> test;
    };
  }

  private static String attribute(String name) {
    return switch (name) {
      case "creation_timestamp" -> "m.creation_time";
      case "last_updated_timestamp" -> "m.last_update_time";
      case "status" -> "substr(m.status, " + (LoggedModelStatus.PREFIX_LENGTH + 1) + ")";
      case "name", "model_id", "model_type", "source_run_id" -> "m." + name;
      default -> throw new IllegalStateException("the vocabulary has no " + name);
    };
  }

  private static boolean isTime(String name) {
    return name.endsWith("_timestamp");
  }

  private String on(List<DatasetRef> wanted) {
    return wanted.isEmpty()
        ? ""
        : wanted.stream()
            .map(
                dataset ->
                    "x.dataset_name = "
                        + parameters.add(dataset.name())
                        + (dataset.digest() == null
                            ? ""
                            : " and x.dataset_digest = " + parameters.add(dataset.digest())))
            .collect(Collectors.joining(" or ", " and (", ")"));
  }

  private static boolean asksMetrics(Filter filter) {
    return switch (filter) {
      case Filter.And(List<Filter> parts) ->
          parts.stream().anyMatch(LoggedModelSearch::asksMetrics);
      case Filter.Or(List<Filter> parts) -> parts.stream().anyMatch(LoggedModelSearch::asksMetrics);
      case Filter.Not(Filter part) -> asksMetrics(part);
      case Filter.Clause clause -> clause.field().entity() == Entity.METRIC;
    };
  }
}
