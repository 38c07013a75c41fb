package io.millrace.monitoring.statistics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PropertiesTest {

  /** Largest distance of p-values from the uniform distribution, one-sample. */
  private static double distanceFromUniform(double[] p) {
    double[] sorted = p.clone();
    Arrays.sort(sorted);
    double largest = 0;
    for (int i = 0; i < sorted.length; i++) {
      largest = Math.max(largest, Math.abs((i + 1.0) / sorted.length - sorted[i]));
      largest = Math.max(largest, Math.abs((double) i / sorted.length - sorted[i]));
    }
    return largest;
  }

  @Test
  void pValuesOfRawSamplesAreUniformWhereNothingChanged() {
    Generator random = new Generator(20261121);
    double[] p = new double[2000];
    for (int i = 0; i < p.length; i++) {
      p[i] = KolmogorovSmirnov.test(random.normals(200), random.normals(180)).pValue();
    }
    assertThat(distanceFromUniform(p))
        .as("below the 0.1 % point 1.95 / sqrt(2000)")
        .isLessThan(.0436);
  }

  @Test
  void pValuesOfBinnedSamplesAreNeverTooSmall() {
    Generator random = new Generator(4711);
    int alarms = 0;
    for (int i = 0; i < 2000; i++) {
      double[] x = random.normals(300);
      double[] y = random.normals(150);
      TestResult raw = KolmogorovSmirnov.test(x, y);
      TestResult binned = KolmogorovSmirnov.testCounts(bins(x), bins(y));
      assertThat(binned.statistic()).isLessThanOrEqualTo(raw.statistic() + 1e-12);
      assertThat(binned.pValue()).isGreaterThanOrEqualTo(raw.pValue() - 1e-12);
      alarms += binned.pValue() < .05 ? 1 : 0;
    }
    assertThat(alarms).as("5 %% of 2000 and four standard deviations").isLessThan(139);
  }

  private static long[] bins(double[] values) {
    long[] counts = new long[32];
    for (double value : values) {
      counts[(int) Math.clamp((value + 4) * 4, 0, 31)]++;
    }
    return counts;
  }

  @Test
  void chiSquareAlarmsAsOftenAsItSays() {
    Generator random = new Generator(99);
    int alarms = 0;
    for (int i = 0; i < 2000; i++) {
      alarms +=
          ChiSquare.homogeneityPooled(categories(random, 300), categories(random, 120)).pValue()
                  < .05
              ? 1
              : 0;
    }
    assertThat(alarms).isBetween(60, 140);
  }

  private static long[] categories(Generator random, int count) {
    long[] counts = new long[8];
    for (int i = 0; i < count; i++) {
      counts[Math.min(7, (int) (-Math.log(random.uniform()) * 2))]++;
    }
    return counts;
  }

  @Test
  void powerGrowsWithTheSample() {
    double[] power = new double[3];
    int[] sizes = {50, 200, 800};
    for (int s = 0; s < sizes.length; s++) {
      Generator random = new Generator(7);
      for (int i = 0; i < 200; i++) {
        double[] shifted = Arrays.stream(random.normals(sizes[s])).map(v -> v + .25).toArray();
        power[s] +=
            KolmogorovSmirnov.test(random.normals(sizes[s]), shifted).pValue() < .05 ? 1 : 0;
      }
    }
    assertThat(power[0]).isLessThan(power[1]);
    assertThat(power[1]).isLessThan(power[2]);
  }

  @Test
  void exactAndCorrectedLimitMeetWhereOneHandsOverToTheOther() {
    long n = 1000;
    for (long scaled : new long[] {20_000, 40_000, 60_000, 80_000, 100_000}) {
      double d = scaled / (double) (n * n);
      assertThat(KolmogorovSmirnov.stephens(d, n, n))
          .isCloseTo(KolmogorovSmirnov.exact(scaled, n, n), within(.02));
    }
    assertThat(
            KolmogorovSmirnov.testCounts(new long[] {900_000, 100_000}, new long[] {900, 1100})
                .pValue())
        .isBetween(0.0, 1e-12);
  }

  @Test
  void survivalFunctionsStayWithinTheirRange() {
    for (double x = 0; x < 20; x += .01) {
      assertThat(KolmogorovSmirnov.survival(x)).isBetween(0.0, 1.0);
      assertThat(ChiSquare.survival(x * 100, 5)).isBetween(0.0, 1.0);
    }
    assertThat(KolmogorovSmirnov.survival(1.1799999))
        .isCloseTo(KolmogorovSmirnov.survival(1.1800001), within(1e-6));
  }

  @Test
  void whatCannotBeComparedIsRefusedOrAlike() {
    assertThatThrownBy(() -> KolmogorovSmirnov.test(new double[0], new double[] {1}))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> KolmogorovSmirnov.test(new double[] {Double.NaN}, new double[] {1}))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ChiSquare.homogeneity(new long[] {0, 0}, new long[] {1, 1}))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(ChiSquare.homogeneity(new long[] {7}, new long[] {3}))
        .isEqualTo(new TestResult(0, 1));
    assertThat(KolmogorovSmirnov.testCounts(new long[] {0, 9, 0}, new long[] {0, 4, 0}))
        .isEqualTo(new TestResult(0, 1));
    assertThat(KolmogorovSmirnov.test(new double[] {3, 3}, new double[] {3}).pValue()).isEqualTo(1);
  }
}
