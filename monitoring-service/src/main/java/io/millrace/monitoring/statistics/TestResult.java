package io.millrace.monitoring.statistics;

/**
 * The outcome of a test that had enough data.
 *
 * @param statistic the test's statistic
 * @param pValue probability of a statistic at least as large where both samples come from one
 *     distribution, 0 to 1, never NaN
 */
public record TestResult(double statistic, double pValue) {

  public TestResult {
    if (!(pValue >= 0 && pValue <= 1) || !(statistic >= 0)) {
      throw new IllegalArgumentException("statistic " + statistic + ", p-value " + pValue);
    }
  }
}
