package io.millrace.deployment.environments;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Why and by whom an environment gets another version.
 *
 * @param by people, or {@code policy}; at least one
 * @param comment given with the decision
 * @param requestId the flow this belongs to; null for what no request asked for
 */
public record Change(
    Cause cause, List<String> by, @Nullable String comment, @Nullable String requestId) {
  /** The name that stands for the platform itself. */
  public static final String POLICY = "policy";

  public Change {
    by = List.copyOf(by);
    if (by.isEmpty()) {
      throw new IllegalArgumentException("a change without anybody who made it");
    }
  }

  /** The names, for a sentence. */
  public String people() {
    return String.join(", ", by);
  }
}
