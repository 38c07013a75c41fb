package io.millrace.deployment.versions;

import io.millrace.database.Row;
import io.millrace.database.Tx;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.springframework.stereotype.Component;

/** The store of evaluated model versions. A version is written once and never changes. */
@Component
public class ModelVersions {

  /** Stores a version; false where it is known already, which changes nothing. */
  public boolean add(Tx tx, ModelVersion version) {
    StoredPackage files = version.modelPackage();
    return tx.update(
            """
            insert into model_versions (model_name, version, request_id, run_id, package_uri,
              package_media_type, package_sha256, package_size, pipeline, requested_by, passed,
              verdict, evaluated_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, now())
            on conflict (model_name, version) do nothing
            """,
            version.modelName(),
            version.version(),
            version.requestId(),
            version.runId(),
            files.uri(),
            files.mediaType(),
            files.sha256(),
            files.size(),
            version.pipeline(),
            version.requestedBy(),
            version.passed(),
            version.verdict())
        == 1;
  }

  /** Remembers that a version could not be evaluated, to say so when somebody asks for it. */
  public void addFailure(Tx tx, String modelName, int version, String reason, String message) {
    tx.update(
        """
        insert into evaluation_failures (model_name, version, reason, message, failed_at)
        values ($1, $2, $3, $4, now())
        on conflict (model_name, version) do update
          set reason = excluded.reason, message = excluded.message, failed_at = excluded.failed_at
        """,
        modelName,
        version,
        reason,
        message);
  }

  public Optional<ModelVersion> find(Tx tx, String modelName, int version) {
    return tx.queryOne(
        "select * from model_versions where model_name = $1 and version = $2",
        ModelVersions::read,
        modelName,
        version);
  }

  /** Why a version has no verdict, where its evaluation failed. */
  public Optional<String> failure(Tx tx, String modelName, int version) {
    return tx.queryOne(
        """
        select reason || ': ' || message as failure from evaluation_failures
        where model_name = $1 and version = $2
        """,
        row -> row.string("failure"),
        modelName,
        version);
  }

  /** The version under the name that its model has now. */
  public ModelVersion underCurrentName(Tx tx, ModelVersion version) {
    return version.of(currentName(tx, version.modelName(), version.version()));
  }

  /** The name that the model of a version has now, where it was renamed since. */
  public String currentName(Tx tx, String modelName, int version) {
    String name = modelName;
    Set<String> seen = new HashSet<>();
    Optional<String> next = Optional.of(modelName);
    while (next.isPresent() && seen.add(next.get())) {
      name = next.get();
      next =
          tx.queryOne(
              """
              select model_name from renamed_models where previous_name = $1 and last_version >= $2
              """,
              row -> row.string("model_name"),
              name,
              version);
    }
    return name;
  }

  /**
   * Gives a model another name, here and for what is still said of it under the old one.
   *
   * @param lastVersion highest version that had the old name
   */
  public void rename(Tx tx, String previousName, String modelName, int lastVersion) {
    tx.update("delete from renamed_models where previous_name = $1", modelName);
    tx.update(
        """
        insert into renamed_models (previous_name, model_name, last_version) values ($1, $2, $3)
        on conflict (previous_name) do update
          set model_name = excluded.model_name, last_version = excluded.last_version
        """,
        previousName,
        modelName,
        lastVersion);
    for (String table : List.of("model_versions", "evaluation_failures", "deleted_versions")) {
      tx.update(
          "update " + table + " set model_name = $2 where model_name = $1 and version <= $3",
          previousName,
          modelName,
          lastVersion);
    }
  }

  /** Remembers that versions are in the registry no more, from the one number to the other. */
  public void delete(Tx tx, String modelName, int first, int last) {
    tx.update(
        """
        insert into deleted_versions (model_name, version)
        select $1, n from generate_series($2::int, $3::int) n on conflict do nothing
        """,
        modelName,
        first,
        last);
  }

  /** Whether a version is in the registry no more. */
  public boolean deleted(Tx tx, String modelName, int version) {
    return tx.queryOne(
            "select version from deleted_versions where model_name = $1 and version = $2",
            row -> row.int4("version"),
            modelName,
            version)
        .isPresent();
  }

  private static ModelVersion read(Row row) {
    return new ModelVersion(
        row.string("model_name"),
        row.int4("version"),
        row.string("request_id"),
        row.string("run_id"),
        new StoredPackage(
            row.string("package_uri"),
            row.string("package_media_type"),
            row.string("package_sha256"),
            row.int8("package_size")),
        row.string("pipeline"),
        row.string("requested_by"),
        row.bool("passed"),
        row.string("verdict"));
  }
}
