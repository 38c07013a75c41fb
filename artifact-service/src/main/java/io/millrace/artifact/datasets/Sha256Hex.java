package io.millrace.artifact.datasets;

import io.millrace.problems.ApiProblem;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Digests as clients write them. */
final class Sha256Hex {

  private static final Pattern FORM = Pattern.compile("[0-9a-f]{64}");

  private Sha256Hex() {}

  /**
   * The same text.
   *
   * @throws ApiProblem if it is not 64 lower-case hex digits
   */
  static String of(@Nullable String text) {
    if (text == null || !FORM.matcher(text).matches()) {
      throw new ApiProblem(
          400,
          "invalid-digest",
          "sha256 must be the 64 lower-case hex digits of a SHA-256, not '%.80s'".formatted(text));
    }
    return text;
  }
}
