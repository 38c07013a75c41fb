package io.millrace.monitoring.statistics;

import java.util.Comparator;
import java.util.stream.IntStream;

/** p-values corrected for looking at many columns at once; each stays where it was. */
public final class Corrections {

  private Corrections() {}

  /**
   * Benjamini and Hochberg's step-up procedure (1995): rejecting where the corrected value is below
   * q keeps the expected share of false alarms among the alarms below q.
   */
  public static double[] benjaminiHochberg(double[] pValues) {
    int n = pValues.length;
    Integer[] order =
        IntStream.range(0, n)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> pValues[i]))
            .toArray(Integer[]::new);
    double[] corrected = new double[n];
    double least = 1;
    for (int rank = n; rank >= 1; rank--) {
      int at = order[rank - 1];
      least = Math.min(least, pValues[at] * n / rank);
      corrected[at] = least;
    }
    return corrected;
  }

  /** Bonferroni: the chance of even one false alarm stays below the threshold. */
  public static double[] bonferroni(double[] pValues) {
    double[] corrected = new double[pValues.length];
    for (int i = 0; i < corrected.length; i++) {
      corrected[i] = Math.min(1, pValues[i] * corrected.length);
    }
    return corrected;
  }
}
