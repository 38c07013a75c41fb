package io.millrace.artifact.datasets;

import io.millrace.problems.ApiProblem;
import java.util.regex.Pattern;

/**
 * Name of a dataset.
 *
 * @param value 1 to 100 lower-case letters, digits, dots, dashes and underscores, starting with a
 *     letter or digit
 */
record DatasetName(String value) {

  private static final Pattern FORM = Pattern.compile("[a-z0-9][a-z0-9._-]{0,99}");

  DatasetName {
    if (!FORM.matcher(value).matches()) {
      throw new ApiProblem(
          400,
          "invalid-name",
          "'%s' is not a dataset name: use 1 to 100 lower-case letters, digits, dots, dashes and underscores, starting with a letter or digit"
              .formatted(value.length() > 120 ? value.substring(0, 120) + "..." : value));
    }
  }

  @Override
  public String toString() {
    return value;
  }
}
