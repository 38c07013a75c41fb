package io.millrace.tracking.retention;

import io.millrace.database.Row;
import io.millrace.database.Tx;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.springframework.stereotype.Component;

/** The store of deleted logged models, by the rule of their view. */
@Component
class DeletedModels {

  /** Deleted longer ago than that, those that are kept too; after a model of the list. */
  List<DeletedModel> expired(Tx tx, Duration keep, Optional<DeletedModel> after, int limit) {
    return tx.query(
        """
        select * from deleted_logged_models
        where deleted_at <= clock_timestamp() - $1 * interval '1 millisecond' and model_id > $2
        order by model_id limit $3
        """,
        DeletedModels::model,
        keep.toMillis(),
        after.map(DeletedModel::modelId).orElse(""),
        limit);
  }

  /** Removes the model with all that hangs on it, where the rule still lets it go. */
  Optional<DeletedModel> remove(Tx tx, String modelId, Duration keep) {
    Optional<DeletedModel> claimed =
        tx.queryOne(
                "select 1 as n from logged_models where model_id = $1 for update",
                row -> true,
                modelId)
            .flatMap(
                locked ->
                    tx.queryOne(
                        """
                        select * from deleted_logged_models
                        where model_id = $1 and needed_by is null
                          and deleted_at <= clock_timestamp() - $2 * interval '1 millisecond'
                        """,
                        DeletedModels::model,
                        modelId,
                        keep.toMillis()));
    claimed.ifPresent(
        model -> tx.update("delete from logged_models where model_id = $1", model.modelId()));
    return claimed;
  }

  private static DeletedModel model(Row row) {
    return new DeletedModel(
        row.string("model_id"),
        Long.toString(row.int8("experiment_id")),
        row.string("name"),
        row.string("artifact_uri"),
        row.instant("deleted_at"),
        row.stringOrNull("needed_by"));
  }
}
