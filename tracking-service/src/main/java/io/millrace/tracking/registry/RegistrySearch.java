package io.millrace.tracking.registry;

import io.millrace.database.Database;
import io.millrace.database.Row;
import io.millrace.tracking.mlflow.MlflowMessage;
import io.millrace.tracking.search.Entity;
import io.millrace.tracking.search.Field;
import io.millrace.tracking.search.Filter;
import io.millrace.tracking.search.Keyset;
import io.millrace.tracking.search.OrderKey;
import io.millrace.tracking.search.SearchToken;
import io.millrace.tracking.search.SqlFilter;
import io.millrace.tracking.search.SqlParameters;
import io.millrace.tracking.search.Vocabulary;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The searches of the registry. */
@Component
class RegistrySearch {

  private static final Field PROMPT = new Field(Entity.TAG, RegisteredModel.PROMPT_TAG);

  private static final Kind<RegisteredModel> MODELS =
      new Kind<>(
          Vocabulary.REGISTERED_MODELS,
          "select " + RegisteredModels.COLUMNS,
          "registered_models m",
          Map.of("name", "m.name", "last_updated_timestamp", "m.last_updated_timestamp"),
          List.of(new OrderKey(new Field(Entity.ATTRIBUTE, "name"), true)),
          "registered_model_tags t where t.name = m.name",
          """
          not exists (select 1 from registered_model_tags p
                      where p.name = m.name and p.key = '%s' and p.value = 'true')
          """
              .formatted(RegisteredModel.PROMPT_TAG),
          RegisteredModels::read);

  private static final Kind<ModelVersion> VERSIONS =
      new Kind<>(
          Vocabulary.MODEL_VERSIONS,
          "select " + ModelVersions.COLUMNS,
          "model_versions v",
          Map.of(
              "name", "v.name",
              "run_id", "v.run_id",
              "source_path", "v.source",
              "version_number", "v.version::bigint",
              "creation_timestamp", "v.creation_timestamp",
              "last_updated_timestamp", "v.last_updated_timestamp"),
          List.of(
              new OrderKey(new Field(Entity.ATTRIBUTE, "last_updated_timestamp"), false),
              new OrderKey(new Field(Entity.ATTRIBUTE, "name"), true),
              new OrderKey(new Field(Entity.ATTRIBUTE, "version_number"), false)),
          "model_version_tags t where t.name = v.name and t.version = v.version",
          """
          not exists (select 1 from registered_model_tags p
                      where p.name = v.name and p.key = '%1$s' and p.value = 'true')
          and not exists (select 1 from model_version_tags p
                          where p.name = v.name and p.version = v.version and p.key = '%1$s'
                            and p.value = 'true')
          """
              .formatted(RegisteredModel.PROMPT_TAG),
          ModelVersions::read);

  private final Database database;

  RegistrySearch(Database database) {
    this.database = database;
  }

  /** A page of a search. */
  record Found<T>(List<T> items, @Nullable String nextPageToken) {}

  /**
   * What one kind of thing is searched by.
   *
   * @param columns SQL of each attribute
   * @param order the usual order, which also ends every other one
   * @param tags where its tags are
   * @param noPrompts the condition that leaves prompts out
   */
  private record Kind<T>(
      Vocabulary vocabulary,
      String select,
      String from,
      Map<String, String> columns,
      List<OrderKey> order,
      String tags,
      String noPrompts,
      Function<Row, T> read) {

    String clause(Filter.Clause clause, SqlParameters parameters) {
      return clause.field().entity() == Entity.TAG
          ? SqlFilter.keyed(tags, "t.key", "t.value", clause, parameters)
          : SqlFilter.test(column(clause.field()), clause.test(), parameters);
    }

    Keyset keyset(List<OrderKey> asked) {
      Map<Field, OrderKey> keys = new LinkedHashMap<>();
      asked.forEach(key -> keys.put(key.field(), key));
      order.forEach(key -> keys.putIfAbsent(key.field(), key));
      return new Keyset(
          keys.values().stream()
              .map(
                  key ->
                      Keyset.Column.of(
                          column(key.field()),
                          key.field().key().equals("name") ? Keyset.Type.TEXT : Keyset.Type.WHOLE,
                          key.ascending()))
              .toList());
    }

    private String column(Field field) {
      String column = columns.get(field.key());
      if (column == null) {
        throw new IllegalStateException("no column of " + field);
      }
      return column;
    }
  }

  Found<RegisteredModel> models(MlflowMessage message, int limit) {
    return find(MODELS, message, limit);
  }

  Found<ModelVersion> versions(MlflowMessage message, int limit) {
    return find(VERSIONS, message, limit);
  }

  /** The size of a page, from {@code max_results}. */
  static int limit(MlflowMessage message, int usual, int most) {
    long limit = message.int64("max_results").orElse((long) usual);
    if (limit < 1 || limit > most) {
      throw message.outOfRange("max_results");
    }
    return (int) limit;
  }

  private record Line<T>(T item, List<@Nullable Object> key) {}

  private <T> Found<T> find(Kind<T> kind, MlflowMessage message, int limit) {
    String text = message.textOrEmpty("filter");
    List<String> orderBy = message.texts("order_by");
    Filter filter = kind.vocabulary().filter(text);
    Keyset keyset = kind.keyset(kind.vocabulary().order(orderBy));
    String query = kind.from() + "\n" + text + "\n" + String.join("\n", orderBy);
    SqlParameters parameters = new SqlParameters();
    List<String> conditions = new ArrayList<>();
    conditions.add(SqlFilter.of(filter, kind::clause, parameters));
    if (!asksFor(filter, PROMPT)) {
      conditions.add(kind.noPrompts());
    }
    SearchToken.parse(message.textOrEmpty("page_token"), query, keyset.types())
        .ifPresent(values -> conditions.add(keyset.after(values, parameters)));
    String sql =
        kind.select()
            + ", "
            + keyset.select()
            + " from "
            + kind.from()
            + " where "
            + conditions.stream().map(one -> "(" + one + ")").collect(Collectors.joining(" and "))
            + " order by "
            + keyset.orderBy()
            + " limit "
            + parameters.add(limit + 1);
    List<Line<T>> lines =
        database.read(
            tx ->
                tx.query(
                    sql,
                    row -> new Line<>(kind.read().apply(row), keyset.values(row)),
                    parameters.toArray()));
    List<Line<T>> page = lines.subList(0, Math.min(limit, lines.size()));
    return new Found<>(
        page.stream().map(Line::item).toList(),
        lines.size() > limit ? SearchToken.after(query, page.getLast().key()) : null);
  }

  private static boolean asksFor(Filter filter, Field field) {
    return switch (filter) {
      case Filter.And(List<Filter> parts) -> parts.stream().anyMatch(part -> asksFor(part, field));
      case Filter.Or(List<Filter> parts) -> parts.stream().anyMatch(part -> asksFor(part, field));
      case Filter.Not(Filter part) -> asksFor(part, field);
      case Filter.Clause clause -> clause.field().equals(field);
    };
  }
}
