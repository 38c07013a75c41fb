package io.millrace.tracking.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.tracking.runs.Metric;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MetricSampleTest {

  private static Metric point(String key, long step) {
    return new Metric(key, step, 0, step);
  }

  @Test
  void beginsWithTheNewestOfEachKeyAndKeepsAHundred() {
    List<Metric> points = new ArrayList<>();
    for (int step = 0; step < 500; step++) {
      points.add(point("a", step));
      points.add(point("b", step));
    }

    List<Metric> sample = MetricSample.of(points);

    assertThat(sample).hasSize(100);
    assertThat(sample.subList(0, 2)).containsExactly(point("a", 499), point("b", 499));
    assertThat(sample.getLast().step()).isEqualTo(450);
  }

  @Test
  void staysSmallWithLongKeys() {
    List<Metric> points = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      points.add(point("漢".repeat(240) + i, 1));
    }

    assertThat(MetricSample.of(points)).hasSizeBetween(50, 70);
  }
}
