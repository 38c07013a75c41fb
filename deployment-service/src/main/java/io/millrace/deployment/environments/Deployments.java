package io.millrace.deployment.environments;

import io.millrace.database.Row;
import io.millrace.database.Tx;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The store of wanted revisions, their history and the replicas' reports. */
@Component
class Deployments {

  private static final String HISTORY =
      """
      select h.*, coalesce(served.outcome, failed.outcome, 'PENDING') as outcome,
        coalesce(served.at, failed.at) as outcome_at,
        case when served.outcome is null then failed.message end as message
      from deployment_history h
      left join deployment_outcomes served on served.environment = h.environment
        and served.model_name = h.model_name and served.revision = h.revision
        and served.outcome = 'DEPLOYED'
      left join deployment_outcomes failed on failed.environment = h.environment
        and failed.model_name = h.model_name and failed.revision = h.revision
        and failed.outcome = 'FAILED'
      """;

  Optional<Deployment> find(Tx tx, String environment, String modelName) {
    return tx.queryOne(
        "select * from deployments where environment = $1 and model_name = $2",
        Deployments::read,
        environment,
        modelName);
  }

  /** As {@link #find}, and nobody else changes it before the transaction ends. */
  Optional<Deployment> lock(Tx tx, String environment, String modelName) {
    return tx.queryOne(
        "select * from deployments where environment = $1 and model_name = $2 for update",
        Deployments::read,
        environment,
        modelName);
  }

  /** All wanted revisions after a position, by environment and model name. */
  List<Deployment> page(Tx tx, @Nullable String environment, @Nullable String model, int limit) {
    return tx.query(
        """
        select * from deployments
        where (environment, model_name) > (coalesce($1::text, ''), coalesce($2::text, ''))
        order by environment, model_name limit $3
        """,
        Deployments::read,
        environment,
        model,
        limit);
  }

  /**
   * Puts a new revision in the place of the one before and into the history.
   *
   * @throws IllegalStateException where the one before is not the newest any more
   */
  void replace(Tx tx, @Nullable Deployment before, Deployment after) {
    long changed =
        before == null
            ? tx.update(
                """
                insert into deployments (environment, model_name, version, revision, status, cause,
                  people, comment, request_id, message, decided_at)
                values ($1, $2, $3, $4, $5, $6, $7, $8::text, $9::text, null, $10)
                on conflict (environment, model_name) do nothing
                """,
                after.environment(),
                after.modelName(),
                after.version(),
                after.revision(),
                after.status().name(),
                after.change().cause().name(),
                people(after),
                after.change().comment(),
                after.change().requestId(),
                after.decidedAt())
            : tx.update(
                """
                update deployments set version = $3, revision = $4, status = $5, cause = $6,
                  people = $7, comment = $8::text, request_id = $9::text, message = null,
                  decided_at = $10
                where environment = $1 and model_name = $2 and revision = $11
                """,
                after.environment(),
                after.modelName(),
                after.version(),
                after.revision(),
                after.status().name(),
                after.change().cause().name(),
                people(after),
                after.change().comment(),
                after.change().requestId(),
                after.decidedAt(),
                before.revision());
    if (changed != 1) {
      throw new IllegalStateException(
          "Another decision on %s came first; this one is void.".formatted(after.label()));
    }
    tx.update(
        """
        insert into deployment_history (environment, model_name, revision, version,
          previous_version, cause, people, comment, request_id, decided_at)
        values ($1, $2, $3, $4, $5::int, $6, $7, $8::text, $9::text, $10)
        """,
        after.environment(),
        after.modelName(),
        after.revision(),
        after.version(),
        before == null ? null : before.version(),
        after.change().cause().name(),
        people(after),
        after.change().comment(),
        after.change().requestId(),
        after.decidedAt());
  }

  /** Stores a new status of the revision that is wanted. */
  void updateStatus(Tx tx, Deployment deployment) {
    tx.update(
        """
        update deployments set status = $4, message = $5::text
        where environment = $1 and model_name = $2 and revision = $3
        """,
        deployment.environment(),
        deployment.modelName(),
        deployment.revision(),
        deployment.status().name(),
        deployment.message());
  }

  /** Keeps what a replica said: its newest word, and the first outcome of the revision. */
  void addReport(Tx tx, ReplicaReport report) {
    tx.update(
        """
        insert into replica_reports (environment, model_name, replica, version, revision, outcome, at)
        values ($1, $2, $3, $4, $5, $6, $7)
        on conflict (environment, model_name, replica) do update set version = excluded.version,
          revision = excluded.revision, outcome = excluded.outcome, at = excluded.at
        where replica_reports.revision <= excluded.revision
        """,
        report.environment(),
        report.modelName(),
        report.replica(),
        report.version(),
        report.revision(),
        report.outcome().name(),
        report.at());
    tx.update(
        """
        insert into deployment_outcomes (environment, model_name, revision, outcome, replica, message, at)
        select environment, model_name, revision, $4, $5, $6::text, $7 from deployment_history
        where environment = $1 and model_name = $2 and revision = $3
        on conflict do nothing
        """,
        report.environment(),
        report.modelName(),
        report.revision(),
        report.outcome().name(),
        report.replica(),
        report.message(),
        report.at());
  }

  /** The newest word of each replica, newest first, at most 100. */
  List<ReplicaReport> reports(Tx tx, String environment, String modelName) {
    return tx.query(
        """
        select * from replica_reports where environment = $1 and model_name = $2
        order by at desc, replica limit 100
        """,
        row ->
            new ReplicaReport(
                row.string("environment"),
                row.string("model_name"),
                row.string("replica"),
                row.int4("version"),
                row.int8("revision"),
                DeploymentStatus.valueOf(row.string("outcome")),
                null,
                row.instant("at")),
        environment,
        modelName);
  }

  /** Revisions below a given one, newest first. */
  List<HistoryEntry> history(
      Tx tx, String environment, String modelName, long belowRevision, int limit) {
    return tx.query(
        HISTORY
            + " where h.environment = $1 and h.model_name = $2 and h.revision < $3"
            + " order by h.revision desc limit $4",
        Deployments::readEntry,
        environment,
        modelName,
        belowRevision,
        limit);
  }

  /** The revision that was wanted at a moment. */
  Optional<HistoryEntry> wantedAt(Tx tx, String environment, String modelName, Instant at) {
    return tx.queryOne(
        HISTORY
            + " where h.environment = $1 and h.model_name = $2 and h.decided_at <= $3"
            + " order by h.revision desc limit 1",
        Deployments::readEntry,
        environment,
        modelName,
        at);
  }

  /** The newest revision that put a version there other than by rolling back. */
  Optional<HistoryEntry> promotionOf(Tx tx, String environment, String modelName, int version) {
    return tx.queryOne(
        HISTORY
            + " where h.environment = $1 and h.model_name = $2 and h.version = $3"
            + " and h.cause <> 'ROLLBACK' order by h.revision desc limit 1",
        Deployments::readEntry,
        environment,
        modelName,
        version);
  }

  /** Whether any environment wants a version of the model. */
  boolean wantsAny(Tx tx, String modelName) {
    return !tx.query(
            "select version from deployments where model_name = $1 limit 1",
            row -> row.int4("version"),
            modelName)
        .isEmpty();
  }

  /** Whether a replica of the environment ever served the version, and it is not deleted. */
  boolean wasServed(Tx tx, String environment, String modelName, int version) {
    return tx.queryOne(
            """
            select 1 as served from deployment_history h
            where h.environment = $1 and h.model_name = $2 and h.version = $3 and exists (
              select 1 from deployment_outcomes o where o.environment = h.environment
                and o.model_name = h.model_name and o.revision = h.revision
                and o.outcome = 'DEPLOYED')
              and not exists (
                select 1 from deleted_versions d
                where d.model_name = h.model_name and d.version = h.version)
            limit 1
            """,
            row -> row.int4("served"),
            environment,
            modelName,
            version)
        .isPresent();
  }

  private static String[] people(Deployment deployment) {
    return deployment.change().by().toArray(String[]::new);
  }

  private static Deployment read(Row row) {
    return new Deployment(
        row.string("environment"),
        row.string("model_name"),
        row.int4("version"),
        row.int8("revision"),
        DeploymentStatus.valueOf(row.string("status")),
        new Change(
            Cause.valueOf(row.string("cause")),
            List.of(row.array("people", String[].class)),
            row.stringOrNull("comment"),
            row.stringOrNull("request_id")),
        row.stringOrNull("message"),
        row.instant("decided_at"));
  }

  private static HistoryEntry readEntry(Row row) {
    return new HistoryEntry(
        row.int8("revision"),
        row.int4("version"),
        row.int4OrNull("previous_version"),
        Cause.valueOf(row.string("cause")),
        List.of(row.array("people", String[].class)),
        row.stringOrNull("comment"),
        row.stringOrNull("request_id"),
        row.instant("decided_at"),
        DeploymentStatus.valueOf(row.string("outcome")),
        row.instantOrNull("outcome_at"),
        row.stringOrNull("message"));
  }
}
