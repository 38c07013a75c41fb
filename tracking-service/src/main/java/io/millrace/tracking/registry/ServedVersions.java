package io.millrace.tracking.registry;

import io.millrace.database.Tx;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Which version each environment is to serve and serves, by the newest revisions heard of. */
@Component
class ServedVersions {

  /**
   * Where a model is live.
   *
   * @param version that is wanted there
   * @param deployed that a replica serves; null: none is known
   */
  record Place(String environment, int version, long revision, @Nullable Integer deployed) {

    /** Whether a version is wanted or served there. */
    boolean has(int number) {
      return version == number || (deployed != null && deployed == number);
    }
  }

  /** Notes a revision; an older one than is known changes nothing. */
  void note(Tx tx, String name, RegistryHistory.Served what) {
    tx.update(
        """
        insert into served_versions as s (environment, model_name, revision, version)
        values ($1, $2, $3, $4)
        on conflict (environment, model_name) do update
          set revision = excluded.revision, version = excluded.version
          where excluded.revision > s.revision
        """,
        what.environment(),
        name,
        what.revision(),
        what.version());
    if (what.kind() == Transition.DEPLOYED) {
      tx.update(
          """
          update served_versions set deployed_revision = $3, deployed_version = $4
          where environment = $1 and model_name = $2 and coalesce(deployed_revision, 0) < $3
          """,
          what.environment(),
          name,
          what.revision(),
          what.version());
    }
  }

  /** The version that is wanted. */
  Optional<Integer> version(Tx tx, String environment, String model) {
    return tx.queryOne(
        "select version from served_versions where environment = $1 and model_name = $2",
        row -> row.int4("version"),
        environment,
        model);
  }

  List<Place> places(Tx tx, String model) {
    return tx.query(
        "select * from served_versions where model_name = $1 order by environment",
        row ->
            new Place(
                row.string("environment"),
                row.int4("version"),
                row.int8("revision"),
                row.int4OrNull("deployed_version")),
        model);
  }
}
