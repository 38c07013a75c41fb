package io.millrace.evaluation.evaluations;

import io.millrace.database.Row;
import io.millrace.database.Tx;
import io.millrace.evaluation.gates.GateDecision;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** The store of results, one per model version. */
@Component
class Evaluations {
  private static final TypeReference<List<Evaluation.Measured>> METRICS = new TypeReference<>() {};
  private static final TypeReference<List<GateDecision>> GATES = new TypeReference<>() {};

  private final JsonMapper json;

  Evaluations(JsonMapper json) {
    this.json = json;
  }

  /** Whether the job has its result, or its version was scored by another. */
  boolean done(Tx tx, EvaluationJob job) {
    return tx.queryOne(
            """
            select 1 as done from evaluations
            where model_name = $1 and version = $2 and (status = 'EVALUATED' or job_id = $3)
            """,
            row -> row.int4("done"),
            job.modelName(),
            job.version(),
            job.jobId())
        .isPresent();
  }

  /**
   * Stores a result.
   *
   * @return false, and nothing changes, where the version has one: only a failure that another job
   *     left gives way
   */
  boolean add(Tx tx, EvaluationJob job, Evaluation evaluation) {
    boolean scored = evaluation.scored();
    return tx.update(
            """
            insert into evaluations as e (model_name, version, request_id, run_id, job_id, status,
              verdict, held_out_rows, champion_version, metrics, gates, reason, message, evaluated_at)
            values ($1, $2, $3, $4, $5, $6, $7::text, $8::bigint, $9::int, $10::jsonb, $11::jsonb,
              $12::text, $13::text, $14)
            on conflict (model_name, version) do update set request_id = excluded.request_id,
              run_id = excluded.run_id, job_id = excluded.job_id, status = excluded.status,
              verdict = excluded.verdict, held_out_rows = excluded.held_out_rows,
              champion_version = excluded.champion_version, metrics = excluded.metrics,
              gates = excluded.gates, reason = excluded.reason, message = excluded.message,
              evaluated_at = excluded.evaluated_at
            where e.status = 'FAILED' and e.job_id <> excluded.job_id
            """,
            evaluation.modelName(),
            evaluation.version(),
            evaluation.requestId(),
            evaluation.runId(),
            job.jobId(),
            evaluation.status(),
            evaluation.verdict(),
            evaluation.rows(),
            evaluation.championVersion(),
            scored ? json.writeValueAsString(evaluation.metrics()) : null,
            scored ? json.writeValueAsString(evaluation.gates()) : null,
            evaluation.reason(),
            evaluation.message(),
            evaluation.evaluatedAt())
        == 1;
  }

  Optional<Evaluation> find(Tx tx, String modelName, int version) {
    return tx.queryOne(
        "select * from evaluations where model_name = $1 and version = $2",
        this::read,
        modelName,
        version);
  }

  private Evaluation read(Row row) {
    return new Evaluation(
        row.string("model_name"),
        row.int4("version"),
        row.string("request_id"),
        row.string("run_id"),
        row.string("status"),
        row.stringOrNull("verdict"),
        row.int8OrNull("held_out_rows"),
        row.int4OrNull("champion_version"),
        list(row.jsonOrNull("metrics"), METRICS),
        list(row.jsonOrNull("gates"), GATES),
        row.stringOrNull("reason"),
        row.stringOrNull("message"),
        row.instant("evaluated_at"));
  }

  private <T> List<T> list(@Nullable String text, TypeReference<List<T>> type) {
    return text == null ? List.of() : json.readValue(text, type);
  }
}
