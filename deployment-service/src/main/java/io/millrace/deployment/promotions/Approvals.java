package io.millrace.deployment.promotions;

import io.millrace.database.Row;
import io.millrace.database.Tx;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The store of approvals. What people said is only ever added to. */
@Component
class Approvals {

  void add(Tx tx, Approval approval) {
    tx.update(
        """
        insert into approvals (approval_id, request_id, model_name, version, environment, approvers,
          requested_by, barred, status, opened_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        approval.id(),
        approval.requestId(),
        approval.modelName(),
        approval.version(),
        approval.environment(),
        approval.approvers(),
        approval.requestedBy(),
        approval.barred().toArray(String[]::new),
        approval.status().name(),
        approval.openedAt());
  }

  /** Stores a status and the decisions that are new. */
  void update(Tx tx, Approval before, Approval after) {
    tx.update(
        """
        update approvals set status = $2, closed_at = $3::timestamptz
        where approval_id = $1 and status = 'PENDING'
        """,
        after.id(),
        after.status().name(),
        after.closedAt());
    for (int i = before.decisions().size(); i < after.decisions().size(); i++) {
      Approval.Decision decision = after.decisions().get(i);
      tx.update(
          """
          insert into approval_decisions (approval_id, seq, person, approved, comment, decided_at)
          values ($1, $2, $3, $4, $5::text, $6)
          """,
          after.id(),
          i + 1,
          decision.by(),
          decision.approved(),
          decision.comment(),
          decision.at());
    }
  }

  Optional<Approval> find(Tx tx, UUID id) {
    return withDecisions(
            tx, tx.query("select * from approvals where approval_id = $1", Approvals::read, id))
        .stream()
        .findFirst();
  }

  /** The approval of that version there that people may still decide. */
  Optional<Approval> pending(Tx tx, String modelName, int version, String environment) {
    return pending(tx, modelName, environment).stream()
        .filter(approval -> approval.version() == version)
        .findFirst();
  }

  /** The approvals of a model for an environment that people may still decide. */
  List<Approval> pending(Tx tx, String modelName, String environment) {
    return withDecisions(
        tx,
        tx.query(
            """
            select * from approvals
            where model_name = $1 and environment = $2 and status = 'PENDING' order by version
            """,
            Approvals::read,
            modelName,
            environment));
  }

  /** The approvals of a model that people may still decide. */
  List<Approval> pending(Tx tx, String modelName) {
    return withDecisions(
        tx,
        tx.query(
            "select * from approvals where model_name = $1 and status = 'PENDING' order by version",
            Approvals::read,
            modelName));
  }

  /** Newest first, of one status or of all, below an id. */
  List<Approval> page(Tx tx, @Nullable ApprovalStatus status, @Nullable UUID below, int limit) {
    return withDecisions(
        tx,
        tx.query(
            """
            select * from approvals
            where ($1::text is null or status = $1) and ($2::uuid is null or approval_id < $2)
            order by approval_id desc limit $3
            """,
            Approvals::read,
            status == null ? null : status.name(),
            below,
            limit));
  }

  private static List<Approval> withDecisions(Tx tx, List<Approval> approvals) {
    if (approvals.isEmpty()) {
      return approvals;
    }
    record Said(UUID id, Approval.Decision decision) {}
    Map<UUID, List<Said>> said =
        tx
            .query(
                """
                select * from approval_decisions where approval_id = any($1)
                order by approval_id, seq
                """,
                row ->
                    new Said(
                        row.uuid("approval_id"),
                        new Approval.Decision(
                            row.string("person"),
                            row.bool("approved"),
                            row.stringOrNull("comment"),
                            row.instant("decided_at"))),
                (Object) approvals.stream().map(Approval::id).toArray(UUID[]::new))
            .stream()
            .collect(Collectors.groupingBy(Said::id));
    return approvals.stream()
        .map(
            a ->
                new Approval(
                    a.id(),
                    a.requestId(),
                    a.modelName(),
                    a.version(),
                    a.environment(),
                    a.approvers(),
                    a.requestedBy(),
                    a.barred(),
                    a.status(),
                    said.getOrDefault(a.id(), List.of()).stream().map(Said::decision).toList(),
                    a.openedAt(),
                    a.closedAt()))
        .toList();
  }

  private static Approval read(Row row) {
    return new Approval(
        row.uuid("approval_id"),
        row.string("request_id"),
        row.string("model_name"),
        row.int4("version"),
        row.string("environment"),
        row.int4("approvers"),
        row.string("requested_by"),
        List.of(row.array("barred", String[].class)),
        ApprovalStatus.valueOf(row.string("status")),
        List.of(),
        row.instant("opened_at"),
        row.instantOrNull("closed_at"));
  }
}
