package io.millrace.monitoring.windows;

import io.millrace.monitoring.statistics.ChiSquare;
import io.millrace.monitoring.statistics.Corrections;
import io.millrace.monitoring.statistics.KolmogorovSmirnov;
import io.millrace.monitoring.statistics.StabilityIndex;
import io.millrace.monitoring.statistics.TestResult;
import io.millrace.pipeline.Pipeline;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A window compared with the reference.
 *
 * <p>Numbers: Kolmogorov-Smirnov over the reference's bins. Categories and predicted labels:
 * chi-square homogeneity, rare values put together. Where values are missing, in the reference or
 * now, the shares of missing ones are compared by chi-square as well, and the column's p-value is
 * twice the smaller of the two (Bonferroni), with the test it came from. p-values are then
 * corrected over all columns that could be compared; a column has drifted where the corrected value
 * is below the threshold, the whole where the share of drifted ones among those compared reaches
 * the pipeline's share.
 *
 * @param verdict OK, DRIFTED or NOT_ENOUGH_DATA
 * @param share share of drifted columns among those compared, 0 where none was
 * @param columns drifted ones first, then by p-value; those without a comparison last
 */
record Comparison(Verdict verdict, double share, List<ColumnResult> columns) {

  /** Fewer values than this, on either side, are not compared. */
  static final int LEAST_VALUES = 5;

  /** What a window says. */
  enum Verdict {
    OK,
    DRIFTED,
    NOT_ENOUGH_DATA
  }

  /**
   * One column.
   *
   * @param test ks or chisquare; null where there was not enough data
   * @param psi stability index, shown only; null without data
   * @param note why it was not compared; null where it was
   */
  record ColumnResult(
      String column,
      @Nullable String test,
      @Nullable Double statistic,
      @Nullable Double pValue,
      @Nullable Double adjustedPValue,
      @Nullable Double psi,
      boolean drifted,
      double missingShare,
      @Nullable String note) {}

  private record Tested(
      Layout.Column column, String test, TestResult result, @Nullable Double psi) {}

  static Comparison of(Layout layout, long[] counts, long rows, Pipeline.Drift rules) {
    List<Tested> tested = new ArrayList<>();
    List<ColumnResult> results = new ArrayList<>();
    boolean enough = rows >= rules.minRows() && rows > 0;
    for (Layout.Column column : layout.columns()) {
      Tested one = enough ? test(column, counts) : null;
      if (one == null) {
        results.add(
            new ColumnResult(
                column.name(),
                null,
                null,
                null,
                null,
                null,
                false,
                missingShare(column, counts),
                "not enough data"));
      } else {
        tested.add(one);
      }
    }
    double[] pValues = tested.stream().mapToDouble(t -> t.result().pValue()).toArray();
    double[] corrected =
        switch (rules.correction()) {
          case BENJAMINI_HOCHBERG -> Corrections.benjaminiHochberg(pValues);
          case BONFERRONI -> Corrections.bonferroni(pValues);
        };
    int drifted = 0;
    List<ColumnResult> compared = new ArrayList<>();
    for (int i = 0; i < tested.size(); i++) {
      Tested one = tested.get(i);
      boolean alarm = corrected[i] < rules.threshold();
      drifted += alarm ? 1 : 0;
      compared.add(
          new ColumnResult(
              one.column().name(),
              one.test(),
              one.result().statistic(),
              one.result().pValue(),
              corrected[i],
              one.psi(),
              alarm,
              missingShare(one.column(), counts),
              null));
    }
    compared.sort(
        Comparator.comparing((ColumnResult c) -> !c.drifted())
            .thenComparing(c -> c.pValue() == null ? 1.0 : c.pValue()));
    compared.addAll(results);
    if (tested.isEmpty()) {
      return new Comparison(Verdict.NOT_ENOUGH_DATA, 0, compared);
    }
    double share = (double) drifted / tested.size();
    return new Comparison(
        drifted > 0 && share >= rules.share() ? Verdict.DRIFTED : Verdict.OK, share, compared);
  }

  private static @Nullable Tested test(Layout.Column column, long[] counts) {
    long[] reference = column.reference();
    long[] current = column.current(counts);
    long n = sum(reference);
    long m = sum(current);
    boolean values = n >= LEAST_VALUES && m >= LEAST_VALUES;
    String test = column.numeric() ? "ks" : "chisquare";
    TestResult result = null;
    Double psi = null;
    if (values) {
      result =
          column.numeric()
              ? KolmogorovSmirnov.testCounts(reference, current)
              : ChiSquare.homogeneityPooled(reference, current);
      psi =
          column.numeric()
              ? StabilityIndex.ofTenths(reference, current)
              : StabilityIndex.of(reference, current);
    }
    long absent = column.referenceMissing();
    long absentNow = column.currentMissing(counts);
    boolean presence =
        absent + absentNow > 0 && n + absent >= LEAST_VALUES && m + absentNow >= LEAST_VALUES;
    if (presence) {
      TestResult missing =
          ChiSquare.homogeneityPooled(new long[] {n, absent}, new long[] {m, absentNow});
      if (result == null) {
        result = missing;
        test = "chisquare";
      } else if (missing.pValue() < result.pValue()) {
        result = new TestResult(missing.statistic(), Math.min(1, 2 * missing.pValue()));
        test = "chisquare";
      } else {
        result = new TestResult(result.statistic(), Math.min(1, 2 * result.pValue()));
      }
    }
    return result == null ? null : new Tested(column, test, result, psi);
  }

  private static double missingShare(Layout.Column column, long[] counts) {
    long missing = column.currentMissing(counts);
    long all = missing + sum(column.current(counts));
    return all == 0 ? 0 : (double) missing / all;
  }

  private static long sum(long[] counts) {
    long sum = 0;
    for (long count : counts) {
      sum += count;
    }
    return sum;
  }
}
