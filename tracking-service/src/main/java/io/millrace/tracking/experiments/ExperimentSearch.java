package io.millrace.tracking.experiments;

import io.millrace.database.Tx;
import io.millrace.tracking.search.Entity;
import io.millrace.tracking.search.Field;
import io.millrace.tracking.search.Filter;
import io.millrace.tracking.search.Keyset;
import io.millrace.tracking.search.Keyset.Column;
import io.millrace.tracking.search.Keyset.Type;
import io.millrace.tracking.search.OrderKey;
import io.millrace.tracking.search.SearchToken;
import io.millrace.tracking.search.SqlFilter;
import io.millrace.tracking.search.SqlParameters;
import io.millrace.tracking.search.Vocabulary;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One search of experiments: newest first where no order is asked for. */
final class ExperimentSearch {

  private static final Field ID = new Field(Entity.ATTRIBUTE, "experiment_id");
  private static final Field CREATED = new Field(Entity.ATTRIBUTE, "creation_time");

  private final ViewType view;
  private final Filter filter;
  private final Keyset keyset;
  private final String asked;

  ExperimentSearch(ViewType view, String filter, List<String> orderBy) {
    this.view = view;
    this.filter = Vocabulary.EXPERIMENTS.filter(filter);
    this.keyset = new Keyset(columns(Vocabulary.EXPERIMENTS.order(orderBy)));
    this.asked = "experiments %s %s %s".formatted(view, filter, orderBy);
  }

  /** An experiment with its place in the order. */
  record Hit(Experiment experiment, List<@Nullable Object> values) {}

  private static List<Column> columns(List<OrderKey> given) {
    List<OrderKey> order = new ArrayList<>(given);
    if (order.isEmpty()) {
      order.add(new OrderKey(CREATED, false));
      order.add(new OrderKey(ID, true));
    } else if (order.stream().noneMatch(key -> key.field().equals(ID))) {
      order.add(new OrderKey(ID, false));
    }
    return order.stream()
        .map(
            key ->
                Column.of(
                    "e." + key.field().key(),
                    key.field().key().equals("name") ? Type.TEXT : Type.WHOLE,
                    key.ascending()))
        .toList();
  }

  /** Where a token says the page begins; empty for the first page. */
  List<@Nullable Object> place(String token) {
    return SearchToken.parse(token, asked, keyset.types()).orElse(List.of());
  }

  String token(Hit last) {
    return SearchToken.after(asked, last.values());
  }

  List<Hit> find(Tx tx, List<@Nullable Object> after, int limit) {
    SqlParameters parameters = new SqlParameters();
    StringBuilder sql =
        new StringBuilder("select ")
            .append(keyset.select())
            .append(", ")
            .append(Experiments.COLUMNS)
            .append(" from experiments e where e.lifecycle_stage = any (")
            .append(parameters.add(view.stages()))
            .append("::text[]) and (")
            .append(SqlFilter.of(filter, ExperimentSearch::clause, parameters))
            .append(")");
    if (!after.isEmpty()) {
      sql.append(" and ").append(keyset.after(after, parameters));
    }
    sql.append(" order by ")
        .append(keyset.orderBy())
        .append(" limit ")
        .append(parameters.add((long) limit))
        .append("::bigint");
    return tx.query(
        sql.toString(),
        row -> new Hit(Experiments.experiment(row), keyset.values(row)),
        parameters.toArray());
  }

  private static String clause(Filter.Clause clause, SqlParameters parameters) {
    return switch (clause.field().entity()) {
      case TAG ->
          SqlFilter.keyed(
              "experiment_tags t where t.experiment_id = e.experiment_id",
              "t.key",
              "t.value",
              clause,
              parameters);
      case ATTRIBUTE, METRIC, PARAM, DATASET ->
          SqlFilter.test("e." + clause.field().key(), clause.test(), parameters);
    };
  }
}
