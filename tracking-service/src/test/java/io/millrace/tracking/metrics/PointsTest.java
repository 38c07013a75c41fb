package io.millrace.tracking.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.tracking.runs.Metric;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class PointsTest {

  @Test
  void areSortedAsTheTableHasThemAndEachOnce() {
    Random random = new Random(3);
    for (int round = 0; round < 200; round++) {
      List<Metric> logged = new ArrayList<>();
      for (int i = random.nextInt(40); i > 0; i--) {
        logged.add(
            new Metric(
                "k" + random.nextInt(3),
                random.nextInt(10) == 0 ? Double.NaN : random.nextInt(3),
                random.nextInt(3),
                random.nextInt(3)));
      }

      Points points = Points.of(logged);

      assertThat(points.sorted())
          .isEqualTo(
              logged.stream()
                  .distinct()
                  .sorted(
                      Comparator.comparing(Metric::key)
                          .thenComparingLong(Metric::timestamp)
                          .thenComparingLong(Metric::step)
                          .thenComparingDouble(Metric::value))
                  .toList());
      assertThat(points.newest())
          .isEqualTo(
              logged.stream()
                  .collect(
                      Collectors.toMap(
                          Metric::key, point -> point, MetricSample::newer, TreeMap::new)));
    }
  }
}
