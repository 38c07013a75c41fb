package io.millrace.artifact.artifacts;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Whose files are at a path, as the path says it: {@code 7/<run>/artifacts/...}, {@code
 * 7/models/<model>/artifacts/...} or those folders themselves, where 7 may be any folder that an
 * experiment was given.
 *
 * @param runId null where the path is not a run's
 * @param modelId null where the path is not a logged model's
 * @param experimentId null where the path does not begin with one
 */
record ArtifactOwner(
    @Nullable String runId, @Nullable String modelId, @Nullable String experimentId) {

  private static final Pattern EXPERIMENT = Pattern.compile("0|[1-9][0-9]{0,18}");
  private static final Pattern RUN = Pattern.compile("[0-9a-f]{32}");
  private static final Pattern MODEL = Pattern.compile("m-[0-9a-f]{32}");
  private static final String FILES = "artifacts";

  static ArtifactOwner of(ArtifactPath path) {
    String[] segments = path.value().split("/", -1);
    String experiment = EXPERIMENT.matcher(segments[0]).matches() ? segments[0] : null;
    for (int i = 1; i < segments.length; i++) {
      if (i + 1 < segments.length && !segments[i + 1].equals(FILES)) {
        continue;
      }
      if (RUN.matcher(segments[i]).matches()) {
        return new ArtifactOwner(segments[i], null, experiment);
      }
      if (segments[i - 1].equals("models") && MODEL.matcher(segments[i]).matches()) {
        return new ArtifactOwner(null, segments[i], experiment);
      }
    }
    return new ArtifactOwner(null, null, experiment);
  }

  /** What is told of the same owner is told in order. */
  String key(ArtifactPath path) {
    if (runId != null) {
      return runId;
    }
    return modelId != null ? modelId : path.value().split("/", 2)[0];
  }
}
