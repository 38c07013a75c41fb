package io.millrace.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class TableSummaryTest {

  private static TableSummary summary(String csv) {
    try (CsvRows rows =
        CsvRows.open("x.csv", new ByteArrayInputStream(csv.getBytes(StandardCharsets.UTF_8)))) {
      TableSummary.Collector collector = new TableSummary.Collector();
      Csv.Inferred inferred = Csv.infer(rows, "x.csv", collector);
      return collector.summary(inferred);
    }
  }

  @Test
  void sumsUpNumbersAndValues() {
    TableSummary summary = summary("age,class,note\n10,a,x1\n20,b,\n30,a,x3\nNA,a,x4\n");
    assertThat(summary.rows()).isEqualTo(4);
    ColumnSummary age = summary.columns().getFirst();
    assertThat(age.missing()).isEqualTo(1);
    assertThat(age.mean()).isEqualTo(20);
    assertThat(age.std()).isCloseTo(Math.sqrt(200.0 / 3), within(1e-12));
    assertThat(age.min()).isEqualTo(10);
    assertThat(age.max()).isEqualTo(30);
    assertThat(age.quantiles()).containsExactly(10.0, 20.0, 20.0, 30.0, 30.0);
    ColumnSummary kind = summary.columns().get(1);
    assertThat(kind.mean()).isNull();
    assertThat(kind.values())
        .containsExactly(java.util.Map.entry("a", 3L), java.util.Map.entry("b", 1L));
    assertThat(TableSummary.fromJson(summary.toJson())).isEqualTo(summary);
  }

  @Test
  void staysCloseOverManyRowsInTheSameMemory() {
    StringBuilder csv = new StringBuilder("x\n");
    for (int i = 0; i < 100_000; i++) {
      csv.append((i * 7919L) % 100_000 / 1000.0).append('\n');
    }
    ColumnSummary x = summary(csv.toString()).columns().getFirst();
    assertThat(x.mean()).isCloseTo(49.9995, within(1e-6));
    assertThat(x.distinct()).isEqualTo(Schema.MAX_CATEGORIES + 1);
    assertThat(x.quantiles().get(2)).isCloseTo(50, within(2.0));
    assertThat(x.quantiles().getFirst()).isCloseTo(5, within(2.0));
    assertThat(x.values()).isNull();
  }
}
