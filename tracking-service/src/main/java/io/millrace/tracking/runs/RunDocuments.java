package io.millrace.tracking.runs;

import io.millrace.database.Row;
import io.millrace.database.Tx;
import io.millrace.tracking.experiments.Tag;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.springframework.stereotype.Component;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/**
 * Runs as MLflow's messages. What was logged to a run leaves the database as the JSON that its
 * client reads: a page of runs is thousands of values, and to take each of them apart and put it
 * together again costs more than to find them.
 */
@Component
class RunDocuments {

  /**
   * Numbers always have a fraction or an exponent; what is not a number is text; infinities become
   * the largest double of their sign, as in {@link Metric}.
   */
  private static final String NUMBER =
      """
      case when abs(value) < 1e15
          then value::text || case when value = trunc(value) then '.0' else '' end
        when value = 'NaN' then '"NaN"'
        when value = 'Infinity' then '1.7976931348623157e+308'
        when value = '-Infinity' then '-1.7976931348623157e+308'
        else value::text end
      """;

  private static final String PAIR =
      """
      '{"key":' || to_json(key)::text || ',"value":' || to_json(value)::text || '}'
      """;

  /** What a run x has: data, and whether there is more to ask for. */
  private static final String DOCUMENT =
      """
      '{' || concat_ws(',',
          (select '"metrics":[' || string_agg('{"key":' || to_json(key)::text || ',"value":' || %1$s
              || ',"timestamp":' || timestamp_ms || ',"step":' || step || '}', ',') || ']'
            from (select * from latest_metrics where run_id = x.run_id order by key) m),
          (select '"params":[' || string_agg(%2$s, ',') || ']'
            from (select * from run_params where run_id = x.run_id order by key) p),
          (select '"tags":[' || string_agg(%2$s, ',') || ']'
            from (select * from run_tags where run_id = x.run_id order by key) t)) || '}' as data,
        exists (select 1 from run_datasets d where d.run_id = x.run_id) as reads_data,
        exists (select 1 from run_models o where o.run_id = x.run_id) as has_models
      """
          .formatted(NUMBER, PAIR);

  private static final String OF_ONE =
      "select x.*, " + DOCUMENT + " from runs x where x.run_id = $1";

  private static final String OF_MANY =
      "select x.run_id, " + DOCUMENT + " from unnest($1::text[]) x (run_id)";

  private static final String SUMMARY =
      """
      select x.run_id,
        (select coalesce('{' || string_agg(to_json(key)::text || ':' || %s, ',') || '}', '{}')
          from (select * from latest_metrics where run_id = x.run_id order by key) m) as metrics,
        (select coalesce('{' || string_agg(to_json(key)::text || ':' || to_json(value)::text, ',') || '}', '{}')
          from (select * from run_params where run_id = x.run_id order by key) p) as params
      from unnest($1::text[]) x (run_id)
      """
          .formatted(NUMBER);

  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final TypeReference<List<Tag>> TAGS = new TypeReference<>() {};

  private record Logged(String data, boolean readsData, boolean hasModels) {

    static Logged of(Row row) {
      return new Logged(row.string("data"), row.bool("reads_data"), row.bool("has_models"));
    }
  }

  private record Document(Run run, Logged logged) {}

  /**
   * Metrics and parameters of a run.
   *
   * @param metrics a JSON object of the newest value of each
   * @param params a JSON object
   */
  record Summary(String metrics, String params) {}

  /** The run of that id, deleted ones too. */
  RunMessages.Whole get(Tx tx, RunId id) {
    Document found =
        tx.queryOne(OF_ONE, row -> new Document(Runs.run(row), Logged.of(row)), id.value())
            .orElseThrow(() -> Runs.missing(id));
    return complete(tx, List.of(found)).getFirst();
  }

  /** Runs that were read before on the same connection, in the order given. */
  List<RunMessages.Whole> of(Tx tx, List<Run> found) {
    Map<String, Logged> logged = byRun(tx, OF_MANY, found, Logged::of);
    return complete(
        tx, found.stream().map(run -> new Document(run, present(logged, run))).toList());
  }

  /** The same runs in short. */
  List<Summary> summaries(Tx tx, List<Run> found) {
    Map<String, Summary> summaries =
        byRun(tx, SUMMARY, found, row -> new Summary(row.string("metrics"), row.string("params")));
    return found.stream().map(run -> present(summaries, run)).toList();
  }

  private static <T> Map<String, T> byRun(
      Tx tx, String sql, List<Run> found, Function<Row, T> mapper) {
    if (found.isEmpty()) {
      return Map.of();
    }
    return tx
        .query(
            sql,
            row -> Map.entry(row.string("run_id"), mapper.apply(row)),
            (Object) found.stream().map(run -> run.id().value()).toArray(String[]::new))
        .stream()
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  private static <T> T present(Map<String, T> answers, Run run) {
    T answer = answers.get(run.id().value());
    if (answer == null) {
      throw new IllegalStateException("no answer for run " + run.id());
    }
    return answer;
  }

  private static List<RunMessages.Whole> complete(Tx tx, List<Document> documents) {
    Map<String, List<DatasetInput>> inputs =
        inputs(tx, ids(documents, document -> document.logged().readsData()));
    String[] withModels = ids(documents, document -> document.logged().hasModels());
    Map<String, List<ModelOutput>> modelInputs = models(tx, "input", withModels);
    Map<String, List<ModelOutput>> modelOutputs = models(tx, "output", withModels);
    return documents.stream()
        .map(
            document -> {
              String id = document.run().id().value();
              return new RunMessages.Whole(
                  RunMessages.Info.of(document.run()),
                  document.logged().data(),
                  RunMessages.Inputs.of(
                      inputs.getOrDefault(id, List.of()), modelInputs.getOrDefault(id, List.of())),
                  new RunMessages.Outputs(modelOutputs.getOrDefault(id, List.of())));
            })
        .toList();
  }

  private static String[] ids(List<Document> documents, Predicate<Document> wanted) {
    return documents.stream()
        .filter(wanted)
        .map(document -> document.run().id().value())
        .toArray(String[]::new);
  }

  private static Map<String, List<DatasetInput>> inputs(Tx tx, String[] ids) {
    if (ids.length == 0) {
      return Map.of();
    }
    return grouped(
        tx.query(
            """
            select d.run_id, d.tags, e.*
            from run_datasets d
              join runs r using (run_id)
              join experiment_datasets e on e.experiment_id = r.experiment_id
                and e.name = d.name and e.digest = d.digest
            where d.run_id = any($1::text[]) order by e.name, e.digest
            """,
            row -> Map.entry(row.string("run_id"), input(row)),
            (Object) ids));
  }

  private static DatasetInput input(Row row) {
    return new DatasetInput(
        row.string("name"),
        row.string("digest"),
        row.string("source_type"),
        row.string("source"),
        row.stringOrNull("schema"),
        row.stringOrNull("profile"),
        JSON.readValue(row.json("tags"), TAGS));
  }

  private static Map<String, List<ModelOutput>> models(Tx tx, String role, String[] ids) {
    if (ids.length == 0) {
      return Map.of();
    }
    return grouped(
        tx.query(
            """
            select run_id, model_id, step from run_models
            where run_id = any($1::text[]) and role = $2 order by run_id, step, model_id
            """,
            row ->
                Map.entry(
                    row.string("run_id"),
                    new ModelOutput(row.string("model_id"), row.int8("step"))),
            ids,
            role));
  }

  private static <T> Map<String, List<T>> grouped(List<Map.Entry<String, T>> rows) {
    Map<String, List<T>> groups = new HashMap<>();
    rows.forEach(
        row -> groups.computeIfAbsent(row.getKey(), id -> new ArrayList<>()).add(row.getValue()));
    return groups;
  }
}
