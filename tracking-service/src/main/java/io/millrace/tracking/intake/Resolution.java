package io.millrace.tracking.intake;

import io.millrace.pipeline.Pipeline;
import io.millrace.tracking.work.DatasetVersion;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a request amounts to. */
sealed interface Resolution {

  /**
   * It can be served.
   *
   * @param pipelineVersion 0 for a pipeline given inline
   * @param schema the dataset's columns as JSON
   */
  record Resolved(
      Pipeline pipeline, int pipelineVersion, DatasetVersion dataset, String schema, long rows)
      implements Resolution {}

  /** It cannot, for these reasons. */
  record Refused(@Nullable String pipelineName, List<Reason> reasons) implements Resolution {}
}
