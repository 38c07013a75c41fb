package io.millrace.deployment.promotions;

import io.millrace.database.Row;
import io.millrace.database.Tx;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.springframework.stereotype.Component;

/** The store of promotions, one per model version. */
@Component
class Promotions {
  private static final String COLUMNS =
      "select p.*, v.request_id from promotions p join model_versions v using (model_name, version)";

  /**
   * From here to the end of the transaction, nobody else decides on this model. Decisions are rare,
   * so one lock per model makes races between approvals, reports and verdicts impossible.
   */
  void lockModel(Tx tx, String modelName) {
    tx.update("insert into models (model_name) values ($1) on conflict do nothing", modelName);
    tx.query(
        "select model_name from models where model_name = $1 for update",
        row -> row.string("model_name"),
        modelName);
  }

  Optional<Promotion> find(Tx tx, String modelName, int version) {
    return tx.queryOne(
        COLUMNS + " where p.model_name = $1 and p.version = $2",
        Promotions::read,
        modelName,
        version);
  }

  /** The promotions of a model on which something is still to happen, oldest version first. */
  List<Promotion> open(Tx tx, String modelName) {
    return tx.query(
        COLUMNS
            + " where p.model_name = $1 and p.status in ('AWAITING_APPROVAL', 'DEPLOYING')"
            + " order by p.version",
        Promotions::read,
        modelName);
  }

  void save(Tx tx, Promotion promotion) {
    RejectionReason reason = promotion.reason();
    tx.update(
        """
        insert into promotions (model_name, version, environments, approvers, stage, status,
          revision, reason, message, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7::bigint, $8::text, $9::text, now())
        on conflict (model_name, version) do update set stage = excluded.stage,
          status = excluded.status, revision = excluded.revision, reason = excluded.reason,
          message = excluded.message, updated_at = excluded.updated_at
        """,
        promotion.modelName(),
        promotion.version(),
        promotion.stages().stream().map(Stage::environment).toArray(String[]::new),
        promotion.stages().stream().map(Stage::approvers).toArray(Integer[]::new),
        promotion.stage(),
        promotion.status().name(),
        promotion.revision(),
        reason == null ? null : reason.name(),
        promotion.message());
  }

  private static Promotion read(Row row) {
    String[] environments = row.array("environments", String[].class);
    Integer[] approvers = row.array("approvers", Integer[].class);
    List<Stage> stages = new ArrayList<>();
    for (int i = 0; i < environments.length; i++) {
      stages.add(new Stage(environments[i], approvers[i]));
    }
    String reason = row.stringOrNull("reason");
    return new Promotion(
        row.string("model_name"),
        row.int4("version"),
        row.string("request_id"),
        stages,
        row.int4("stage"),
        PromotionStatus.valueOf(row.string("status")),
        row.int8OrNull("revision"),
        reason == null ? null : RejectionReason.valueOf(reason),
        row.stringOrNull("message"));
  }
}
