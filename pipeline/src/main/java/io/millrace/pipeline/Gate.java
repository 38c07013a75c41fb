package io.millrace.pipeline;

/** A condition a model version must meet on the held-out rows. */
public sealed interface Gate {

  /** The metric it looks at, for example {@code roc_auc}. */
  String metric();

  /** The condition in words, for example {@code at least 0.95}. */
  String condition();

  /** Passes where the metric is {@code min} or more. */
  record AtLeast(String metric, double min) implements Gate {
    @Override
    public String condition() {
      return "at least " + min;
    }
  }

  /** Passes where the metric is {@code max} or less. */
  record AtMost(String metric, double max) implements Gate {
    @Override
    public String condition() {
      return "at most " + max;
    }
  }

  /**
   * Passes where the metric is not worse than the champion's by more than {@code by}. Which
   * direction is worse depends on the metric.
   *
   * @param by 0 or more, in units of the metric
   */
  record NotWorseThanChampion(String metric, double by) implements Gate {
    @Override
    public String condition() {
      return "not worse than the champion by more than " + by;
    }
  }
}
