package io.millrace.trainers;

import java.util.Map;

/** A way to train a model. */
public interface Algorithm {

  /** Every parameter with the value that is used, defaults included. */
  Map<String, Object> params();

  /** Trains; the same examples, parameters and seed give the same model. */
  TrainedModel train(Examples examples, long seed, Progress progress);
}
