package io.millrace.trainers;

import io.millrace.datasets.CheckLevel;
import io.millrace.datasets.Split;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * What to train, as the file {@code MILLRACE_JOB} says it. Unknown fields are ignored.
 *
 * @param runId the MLflow run
 * @param requestId the train request the run belongs to
 * @param trainer {@code smile/random-forest} or {@code dl4j/mlp}
 * @param params the trainer's parameters, by the names its documentation gives
 * @param seed makes the training repeatable
 * @param dataset what to train on
 * @param validate how hard the data checks are; strict where absent
 * @param modelName the registered model the package is meant for
 */
public record Job(
    String runId,
    String requestId,
    String trainer,
    Map<String, Object> params,
    long seed,
    Dataset dataset,
    @Nullable Validate validate,
    String modelName) {

  /**
   * The dataset of a job.
   *
   * @param name of the dataset
   * @param version of the dataset
   * @param digest of its bytes; checked where it is a SHA-256 in hexadecimal
   * @param target the column to predict
   * @param split which rows are for what
   */
  public record Dataset(
      String name, String version, @Nullable String digest, String target, @Nullable Split split) {

    /** The split, {@link Split#DEFAULT} where the job gives none. */
    public Split rows() {
      return split == null ? Split.DEFAULT : split;
    }
  }

  /**
   * @param profile strict, lenient or off
   */
  public record Validate(@Nullable String profile) {}

  private static final JsonMapper JSON =
      JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

  static Job read(Path file) {
    try {
      Job job = JSON.readValue(Files.readAllBytes(file), Job.class);
      if (job == null) {
        throw RunFailure.invalidJob("the job file " + file + " is the JSON null");
      }
      return job.complete();
    } catch (JacksonException e) {
      throw RunFailure.invalidJob(
          "the job file " + file + " is not readable: " + e.getOriginalMessage());
    } catch (IOException e) {
      throw RunFailure.invalidJob("the job file " + file + " cannot be read: " + e.getMessage());
    }
  }

  /** How hard the data checks are. */
  CheckLevel level() {
    String profile = validate == null || validate.profile() == null ? "strict" : validate.profile();
    try {
      return CheckLevel.of(profile);
    } catch (IllegalArgumentException e) {
      throw RunFailure.invalidJob(String.valueOf(e.getMessage()));
    }
  }

  @SuppressWarnings({"ConstantValue", "RedundantNullCheck"}) // Jackson leaves absent fields null.
  private Job complete() {
    require(trainer, "trainer");
    require(dataset, "dataset");
    require(dataset.target(), "dataset.target");
    return new Job(
        text(runId),
        text(requestId),
        trainer,
        params == null ? Map.of() : params,
        seed,
        new Dataset(
            text(dataset.name()),
            text(dataset.version()),
            dataset.digest(),
            dataset.target(),
            dataset.split()),
        validate,
        text(modelName));
  }

  private static String text(@Nullable String value) {
    return value == null ? "" : value;
  }

  private static void require(@Nullable Object value, String field) {
    if (value == null) {
      throw RunFailure.invalidJob("the job has no field '" + field + "'");
    }
  }
}
