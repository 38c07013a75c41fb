package io.millrace.trainers;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.millrace.modelpackage.Manifest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * How a run ended: {@code result.json} in the output directory.
 *
 * @param status {@code succeeded}, {@code failed} or {@code cancelled}
 * @param reason a {@link RunFailure.Reason#key()}, absent where the run succeeded
 * @param message one sentence for people
 * @param metrics the final metrics by name
 * @param parity how far the ONNX graph is from the trained model, where it came so far
 * @param modelPackage the package, where the run succeeded
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record RunResult(
    String status,
    @Nullable String reason,
    String message,
    Map<String, Double> metrics,
    Manifest.@Nullable Parity parity,
    @Nullable WrittenPackage modelPackage) {

  /** The name of the file. */
  public static final String FILE = "result.json";

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  /**
   * The package a run wrote.
   *
   * @param path relative to the output directory
   * @param mediaType of the package
   * @param sha256 of its manifest, which has the digests of all other files
   * @param size of all its files in bytes
   */
  public record WrittenPackage(String path, String mediaType, String sha256, long size) {}

  static RunResult failed(RunFailure.Reason reason, String message) {
    String status = reason == RunFailure.Reason.CANCELLED ? "cancelled" : "failed";
    return new RunResult(status, reason.key(), message, Map.of(), null, null);
  }

  /** Writes the file whole or not at all. */
  void write(Path output) {
    try {
      Files.createDirectories(output);
      Path draft = output.resolve(FILE + ".draft");
      Files.writeString(draft, JSON.writeValueAsString(this));
      Files.move(
          draft,
          output.resolve(FILE),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot write " + FILE + " into " + output, e);
    }
  }

  /** Reads the file of an output directory. */
  public static RunResult read(Path output) {
    try {
      return JSON.readValue(Files.readAllBytes(output.resolve(FILE)), RunResult.class);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + FILE + " in " + output, e);
    }
  }
}
