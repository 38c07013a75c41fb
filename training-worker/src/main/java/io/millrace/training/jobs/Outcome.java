package io.millrace.training.jobs;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a run came to, as the worker understands the trainer's end. */
sealed interface Outcome {

  /** The value of the meters' tag. */
  String tag();

  /**
   * A model.
   *
   * @param metrics final metrics by name
   * @param parityMaxAbsDiff largest difference between trainer and ONNX graph
   */
  record Trained(Map<String, Double> metrics, double parityMaxAbsDiff) implements Outcome {
    @Override
    public String tag() {
      return "trained";
    }
  }

  /**
   * No model.
   *
   * @param reason stable code of the event TrainingFailed
   * @param message what happened and what to do
   */
  record Failed(String reason, String message) implements Outcome {
    @Override
    public String tag() {
      return reason;
    }
  }

  /**
   * The run is no longer this worker's business.
   *
   * @param message why
   */
  record GivenUp(@Nullable String message) implements Outcome {
    @Override
    public String tag() {
      return "given-up";
    }
  }
}
