package io.millrace.tracking.intake;

import io.millrace.database.Tx;
import io.millrace.tracking.experiments.ExperimentId;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/** The store of requests: those that were decided on, and those this service has sent itself. */
@Component
class Requests {

  private static final JsonMapper JSON = JsonMapper.builder().build();

  boolean decided(Tx tx, RequestId id) {
    return tx.queryOne(
            "select 1 as one from requests where request_id = $1", row -> Boolean.TRUE, id.value())
        .isPresent();
  }

  /** Notes the acceptance; false where the request was decided on before. */
  boolean accept(
      Tx tx, RequestId id, String pipeline, String requestedBy, ExperimentId experiment) {
    return insert(tx, id, "ACCEPTED", pipeline, requestedBy, experiment, null);
  }

  /** Notes the rejection; false where the request was decided on before. */
  boolean reject(
      Tx tx, RequestId id, @Nullable String pipeline, String requestedBy, List<Reason> reasons) {
    return insert(
        tx, id, "REJECTED", pipeline, requestedBy, null, JSON.writeValueAsString(reasons));
  }

  private static boolean insert(
      Tx tx,
      RequestId id,
      String outcome,
      @Nullable String pipeline,
      String requestedBy,
      @Nullable ExperimentId experiment,
      @Nullable String reasons) {
    return tx.update(
            """
            insert into requests
              (request_id, outcome, pipeline_name, requested_by, experiment_id, reasons)
            values ($1, $2, $3::text, $4, $5::bigint, $6::jsonb) on conflict do nothing
            """,
            id.value(),
            outcome,
            pipeline,
            requestedBy,
            experiment == null ? null : experiment.value(),
            reasons)
        == 1;
  }

  /**
   * Notes that a request is sent.
   *
   * @param sha256 of its content
   * @return the SHA-256 of what was sent under this id first
   */
  Sent send(Tx tx, RequestId id, String sha256) {
    if (tx.update(
            "insert into submissions (request_id, sha256) values ($1, $2) on conflict do nothing",
            id.value(),
            sha256)
        == 1) {
      return Sent.NOW;
    }
    String first =
        tx.queryOne(
                "select sha256 from submissions where request_id = $1",
                row -> row.string("sha256"),
                id.value())
            .orElse("");
    return first.equals(sha256) ? Sent.BEFORE : Sent.DIFFERENTLY;
  }

  /** Whether a request was sent. */
  enum Sent {
    /** With this call. */
    NOW,
    /** The same, before. */
    BEFORE,
    /** Another one, under this id. */
    DIFFERENTLY
  }
}
