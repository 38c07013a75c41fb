package io.millrace.tracking.registry;

import io.millrace.database.Tx;
import java.util.Optional;
import org.springframework.stereotype.Component;

/** Which version each environment serves, by the newest revision heard of. */
@Component
class ServedVersions {

  /** Notes a revision; an older one than is known changes nothing. */
  void note(Tx tx, String environment, String model, long revision, int version) {
    tx.update(
        """
        insert into served_versions as s (environment, model_name, revision, version)
        values ($1, $2, $3, $4)
        on conflict (environment, model_name) do update
          set revision = excluded.revision, version = excluded.version
          where excluded.revision > s.revision
        """,
        environment,
        model,
        revision,
        version);
  }

  Optional<Integer> version(Tx tx, String environment, String model) {
    return tx.queryOne(
        "select version from served_versions where environment = $1 and model_name = $2",
        row -> row.int4("version"),
        environment,
        model);
  }
}
