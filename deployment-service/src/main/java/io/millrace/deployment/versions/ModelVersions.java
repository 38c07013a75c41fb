package io.millrace.deployment.versions;

import io.millrace.database.Row;
import io.millrace.database.Tx;
import java.util.Optional;
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
