package io.millrace.tracking.runs;

import io.millrace.database.Database;
import io.millrace.database.Tx;
import io.millrace.tracking.search.Field;
import io.millrace.tracking.search.Filter;
import io.millrace.tracking.search.Operator;
import io.millrace.tracking.search.OrderKey;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A run as a test knows it, asked and ordered in memory in the plainest way. */
record SearchedRun(
    String id,
    long experiment,
    String name,
    String user,
    String status,
    long start,
    @Nullable Long end,
    String stage,
    Map<String, Double> metrics,
    Map<String, String> params,
    Map<String, String> tags,
    List<Input> inputs) {

  record Input(String name, String digest, @Nullable String context) {

    String tags() {
      return context == null
          ? "[]"
          : "[{\"key\":\"mlflow.data.context\",\"value\":\"" + context + "\"}]";
    }
  }

  /** A row of a run that has many of them. */
  private record Logged<T>(SearchedRun run, String key, T value) {}

  /** Stores runs with what was logged to them: a statement for each table. */
  static void store(Database database, List<SearchedRun> runs) {
    database.inTransactionVoid(
        tx -> {
          tx.update(
              """
              insert into runs (run_id, experiment_id, name, user_id, status, start_time, end_time,
                                artifact_uri, lifecycle_stage)
              select * from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[],
                                   $6::bigint[], $7::bigint[], $8::text[], $9::text[])
              """,
              column(runs, SearchedRun::id, String[]::new),
              column(runs, SearchedRun::experiment, Long[]::new),
              column(runs, SearchedRun::name, String[]::new),
              column(runs, SearchedRun::user, String[]::new),
              column(runs, SearchedRun::status, String[]::new),
              column(runs, SearchedRun::start, Long[]::new),
              column(runs, SearchedRun::end, Long[]::new),
              column(runs, SearchedRun::uri, String[]::new),
              column(runs, SearchedRun::stage, String[]::new));
          List<Logged<Double>> metrics = logged(runs, SearchedRun::metrics);
          tx.update(
              """
              insert into latest_metrics (run_id, experiment_id, key, value, step, timestamp_ms)
              select *, 0, 0 from unnest($1::text[], $2::bigint[], $3::text[], $4::float8[])
              """,
              column(metrics, row -> row.run().id(), String[]::new),
              column(metrics, row -> row.run().experiment(), Long[]::new),
              column(metrics, Logged::key, String[]::new),
              column(metrics, Logged::value, Double[]::new));
          store(tx, "run_params", logged(runs, SearchedRun::params));
          store(tx, "run_tags", logged(runs, SearchedRun::tags));
          List<Logged<Input>> inputs =
              runs.stream()
                  .flatMap(
                      run ->
                          run.inputs().stream()
                              .map(input -> new Logged<>(run, input.digest(), input)))
                  .toList();
          tx.update(
              """
              insert into experiment_datasets (experiment_id, name, digest, source_type, source)
              select *, 'x', 'y' from unnest($1::bigint[], $2::text[], $3::text[])
              on conflict do nothing
              """,
              column(inputs, row -> row.run().experiment(), Long[]::new),
              column(inputs, row -> row.value().name(), String[]::new),
              column(inputs, Logged::key, String[]::new));
          tx.update(
              """
              insert into run_datasets (run_id, name, digest, tags)
              select run_id, name, digest, tags::jsonb
              from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as d (run_id, name, digest, tags)
              """,
              column(inputs, row -> row.run().id(), String[]::new),
              column(inputs, row -> row.value().name(), String[]::new),
              column(inputs, Logged::key, String[]::new),
              column(inputs, row -> row.value().tags(), String[]::new));
        });
  }

  private static void store(Tx tx, String table, List<Logged<String>> rows) {
    tx.update(
        "insert into "
            + table
            + " (run_id, experiment_id, key, value)"
            + " select * from unnest($1::text[], $2::bigint[], $3::text[], $4::text[])",
        column(rows, row -> row.run().id(), String[]::new),
        column(rows, row -> row.run().experiment(), Long[]::new),
        column(rows, Logged::key, String[]::new),
        column(rows, Logged::value, String[]::new));
  }

  private static <T> List<Logged<T>> logged(
      List<SearchedRun> runs, Function<SearchedRun, Map<String, T>> values) {
    return runs.stream()
        .flatMap(
            run ->
                values.apply(run).entrySet().stream()
                    .map(entry -> new Logged<>(run, entry.getKey(), entry.getValue())))
        .toList();
  }

  private static <R, V> V[] column(
      List<R> rows, Function<? super R, ? extends @Nullable V> value, IntFunction<V[]> array) {
    return rows.stream().map(value).toArray(array);
  }

  private String uri() {
    return "mlflow-artifacts:/" + experiment + "/" + id + "/artifacts";
  }

  boolean matches(Filter filter) {
    return switch (filter) {
      case Filter.And(List<Filter> parts) -> parts.stream().allMatch(this::matches);
      case Filter.Or(List<Filter> parts) -> parts.stream().anyMatch(this::matches);
      case Filter.Not(Filter part) -> !matches(part);
      case Filter.Clause(Field field, Filter.Test test) -> matches(field, test);
    };
  }

  private boolean matches(Field field, Filter.Test test) {
    List<?> values = values(field).toList();
    if (test instanceof Filter.Present(boolean present)) {
      return present == !values.isEmpty();
    }
    return values.stream().anyMatch(value -> matches(value, test));
  }

  private static boolean matches(Object value, Filter.Test test) {
    return switch (test) {
      case Filter.Number(Operator operator, double other) -> {
        double number = (Double) value;
        yield !Double.isNaN(number)
            && holds(operator, number < other ? -1 : number > other ? 1 : 0);
      }
      case Filter.Whole(Operator operator, long other) ->
          holds(operator, Long.compare((Long) value, other));
      case Filter.Text(Operator operator, String other) ->
          switch (operator) {
            case LIKE -> like(other, 0).matcher((String) value).matches();
            case ILIKE ->
                like(other, Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE)
                    .matcher((String) value)
                    .matches();
            default -> holds(operator, value.equals(other) ? 0 : 1);
          };
      case Filter.OneOf(boolean negated, List<String> others) ->
          negated != others.contains((String) value);
      case Filter.Present present -> throw new IllegalArgumentException();
    };
  }

  private static boolean holds(Operator operator, int comparison) {
    return switch (operator) {
      case EQ -> comparison == 0;
      case NE -> comparison != 0;
      case LT -> comparison < 0;
      case LE -> comparison <= 0;
      case GT -> comparison > 0;
      case GE -> comparison >= 0;
      default -> throw new IllegalArgumentException(operator.text());
    };
  }

  private static Pattern like(String pattern, int flags) {
    StringBuilder regex = new StringBuilder();
    for (int i = 0; i < pattern.length(); i++) {
      char c = pattern.charAt(i);
      regex.append(
          switch (c) {
            case '%' -> ".*";
            case '_' -> ".";
            case '\\' -> Pattern.quote(String.valueOf(pattern.charAt(++i)));
            default -> Pattern.quote(String.valueOf(c));
          });
    }
    return Pattern.compile(regex.toString(), flags | Pattern.DOTALL);
  }

  private Stream<?> values(Field field) {
    return switch (field.entity()) {
      case METRIC -> Stream.ofNullable(metrics.get(field.key()));
      case PARAM -> Stream.ofNullable(params.get(field.key()));
      case TAG -> Stream.ofNullable(tags.get(field.key()));
      case DATASET ->
          inputs.stream()
              .map(
                  input ->
                      switch (field.key()) {
                        case "name" -> input.name();
                        case "digest" -> input.digest();
                        default -> input.context();
                      })
              .filter(Objects::nonNull);
      case ATTRIBUTE ->
          Stream.ofNullable(
              switch (field.key()) {
                case "run_id" -> id;
                case "run_name" -> name;
                case "user_id" -> user;
                case "status" -> status;
                case "start_time" -> start;
                case "end_time" -> end;
                case "artifact_uri" -> uri();
                default -> throw new IllegalArgumentException(field.key());
              });
    };
  }

  static Comparator<SearchedRun> by(List<OrderKey> order) {
    Comparator<SearchedRun> by = (a, b) -> 0;
    for (OrderKey key : order) {
      by = by.thenComparing((a, b) -> compare(a.one(key.field()), b.one(key.field()), key));
    }
    return by.thenComparing(SearchedRun::start, Comparator.reverseOrder())
        .thenComparing(SearchedRun::id);
  }

  private Optional<?> one(Field field) {
    return values(field).findFirst();
  }

  private static int compare(Optional<?> a, Optional<?> b, OrderKey key) {
    int rank = Integer.compare(rank(a), rank(b));
    if (rank != 0 || rank(a) > 0) {
      return rank;
    }
    int compared =
        switch (a.get()) {
          case Double number -> {
            double other = (Double) b.get();
            yield number < other ? -1 : number > other ? 1 : 0;
          }
          case Long whole -> Long.compare(whole, (Long) b.get());
          case Object text ->
              Arrays.compareUnsigned(
                  ((String) text).getBytes(StandardCharsets.UTF_8),
                  ((String) b.get()).getBytes(StandardCharsets.UTF_8));
        };
    return key.ascending() ? compared : -compared;
  }

  private static int rank(Optional<?> value) {
    return value.isEmpty() ? 2 : value.get() instanceof Double number && number.isNaN() ? 1 : 0;
  }
}
