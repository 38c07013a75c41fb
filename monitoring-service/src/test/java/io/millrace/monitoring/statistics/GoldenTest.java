package io.millrace.monitoring.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.millrace.monitoring.Samples;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import smile.stat.hypothesis.ChiSqTest;
import smile.stat.hypothesis.KSTest;

/** Reference numbers of other implementations, on inputs that anybody can make again. */
class GoldenTest {

  private static final double[] R = new Generator(12345).normals(500);
  private static final double[] C = new Generator(67891).normals(500);

  @Test
  void generatorIsTheOneOfTheReference() {
    assertThat(R[0]).isCloseTo(-.446199536997, within(1e-12));
    assertThat(R[1]).isCloseTo(-.771768233633, within(1e-12));
    assertThat(R[2]).isCloseTo(1.671604954019, within(1e-12));
  }

  @Test
  void kolmogorovSmirnovAgreesWithSciPyExactly() {
    double[] shifted = Arrays.stream(C).map(v -> v + .5).toArray();
    double[] wider = Arrays.stream(C).limit(300).map(v -> 1.5 * v).toArray();
    double[] floorR = Arrays.stream(R).map(v -> Math.floor(2 * v)).toArray();
    double[] floorC = Arrays.stream(C).map(v -> Math.floor(2 * (v + .25))).toArray();
    double[] tens = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    double[] later = Arrays.stream(tens).map(v -> v + 3.5).toArray();
    check(R, C, .064, .2576073);
    check(R, shifted, .172, 7.102426e-7);
    check(R, wider, .1393333, .001248125);
    check(floorR, floorC, .062, .2919249);
    check(tens, later, .4, .4175237);
  }

  private static void check(double[] x, double[] y, double d, double p) {
    TestResult result = KolmogorovSmirnov.test(x, y);
    assertThat(result.statistic()).isCloseTo(d, within(1e-7));
    assertThat(result.pValue()).isCloseTo(p, withinPercentage(1e-4));
    assertThat(KolmogorovSmirnov.test(y, x).pValue()).isCloseTo(p, withinPercentage(1e-4));
  }

  @Test
  void columnsOfTheDriftScenariosAgreeWithSciPy() {
    String files = "";
    Map<String, double[]> reference = Map.of();
    Map<String, double[]> current = Map.of();
    int checked = 0;
    for (String[] expected : Samples.lines("expected").stream().skip(1).toList()) {
      if (!files.equals(expected[0] + expected[1])) {
        files = expected[0] + expected[1];
        reference = Samples.columns(expected[0]);
        current = Samples.columns(expected[1]);
      }
      double[] x = reference.get(expected[2]);
      double[] y = current.get(expected[2]);
      String what = String.join(" ", expected[0], expected[1], expected[2]);
      TestResult ks = KolmogorovSmirnov.test(x, y);
      assertThat(ks.statistic()).as(what).isCloseTo(Double.parseDouble(expected[3]), within(1e-12));
      near(what, KolmogorovSmirnov.limit(ks.statistic(), x.length, y.length), expected[4]);
      near(what, KolmogorovSmirnov.stephens(ks.statistic(), x.length, y.length), expected[5]);
      near(what, ks.pValue(), expected[6]);
      long[][] deciles = deciles(x, y);
      near(what, StabilityIndex.of(deciles[0], deciles[1]), expected[7]);
      TestResult chi = ChiSquare.homogeneity(deciles[0], deciles[1]);
      near(what, chi.statistic(), expected[8]);
      near(what, chi.pValue(), expected[10]);
      checked++;
    }
    assertThat(checked).isEqualTo(218);
  }

  private static void near(String what, double actual, String expected) {
    double value = Double.parseDouble(expected);
    assertThat(actual).as(what).isCloseTo(value, within(Math.max(1e-14, 1e-6 * Math.abs(value))));
  }

  /** Counts over the deciles of x (type 7), equal edges joined. */
  private static long[][] deciles(double[] x, double[] y) {
    double[] sorted = x.clone();
    Arrays.sort(sorted);
    double[] edges = new double[9];
    for (int k = 1; k <= 9; k++) {
      double at = (sorted.length - 1) * (k / 10.0);
      int below = (int) Math.floor(at);
      double above = sorted[Math.min(below + 1, sorted.length - 1)];
      edges[k - 1] = sorted[below] + (at - below) * (above - sorted[below]);
    }
    edges = Arrays.stream(edges).distinct().toArray();
    return new long[][] {counts(x, edges), counts(y, edges)};
  }

  private static long[] counts(double[] values, double[] edges) {
    long[] counts = new long[edges.length + 1];
    for (double value : values) {
      int bin = 0;
      while (bin < edges.length && value > edges[bin]) {
        bin++;
      }
      counts[bin]++;
    }
    return counts;
  }

  @Test
  void categoriesAgreeWithSciPy() {
    long[] k0 = {500, 100};
    long[] k0Half = {250, 50};
    assertThat(ChiSquare.homogeneity(k0, k0Half)).isEqualTo(new TestResult(0, 1));
    assertThat(StabilityIndex.of(k0, k0Half)).isZero();

    long[] k1 = {50, 30, 20};
    long[] k1Now = {30, 40, 30};
    assertThat(ChiSquare.homogeneity(k1, k1Now).statistic()).isCloseTo(8.428571, within(1e-6));
    assertThat(ChiSquare.homogeneity(k1, k1Now).pValue()).isCloseTo(.01478288, within(1e-8));
    assertThat(StabilityIndex.of(k1, k1Now)).isCloseTo(.1714798, within(1e-7));

    long[] k2 = {60, 40, 0};
    long[] k2Now = {50, 40, 10};
    assertThat(ChiSquare.homogeneity(k2, k2Now).statistic()).isCloseTo(10.90909, within(1e-5));
    assertThat(ChiSquare.homogeneity(k2, k2Now).pValue()).isCloseTo(.004276820, within(1e-8));
    assertThat(ChiSquare.homogeneityPooled(k2, k2Now).pValue())
        .as("an expected count of 5 is enough")
        .isCloseTo(.004276820, within(1e-8));
    assertThat(StabilityIndex.of(k2, k2Now)).isCloseTo(.7083169, within(1e-7));
  }

  @Test
  void correctionsAgreeWithTheExampleOfTheReference() {
    double[] p = {.001, .008, .039, .041, .042, .06, .074, .205, .212, .216};
    double[] bh = Corrections.benjaminiHochberg(p);
    assertThat(Arrays.stream(bh).filter(v -> v < .05).count()).isEqualTo(2);
    assertThat(bh[1]).isCloseTo(.04, within(1e-12));
    assertThat(bh[2]).isCloseTo(.084, within(1e-12));
    assertThat(Arrays.stream(Corrections.bonferroni(p)).filter(v -> v < .05).count()).isEqualTo(1);
    assertThat(Corrections.benjaminiHochberg(new double[0])).isEmpty();
  }

  @Test
  void smileSaysTheSameWhereItHasTheMethod() {
    KSTest ks = KSTest.test(R.clone(), C.clone());
    assertThat(KolmogorovSmirnov.test(R, C).statistic()).isCloseTo(ks.d(), within(1e-12));
    assertThat(KolmogorovSmirnov.stephens(ks.d(), 500, 500)).isCloseTo(ks.pvalue(), within(1e-9));
    ChiSqTest chi = ChiSqTest.test(new int[][] {{50, 30, 20}, {30, 40, 30}});
    TestResult ours = ChiSquare.homogeneity(new long[] {50, 30, 20}, new long[] {30, 40, 30});
    assertThat(ours.statistic()).isCloseTo(chi.chisq(), within(1e-9));
    assertThat(ours.pValue()).isCloseTo(chi.pvalue(), within(1e-9));
  }
}
