package io.millrace.monitoring.windows;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.datasets.CategoricalProfile;
import io.millrace.datasets.ColumnProfile;
import io.millrace.datasets.NumericProfile;
import io.millrace.datasets.Profile;
import io.millrace.monitoring.Samples;
import io.millrace.pipeline.Pipeline.Correction;
import io.millrace.pipeline.Pipeline.Drift;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ComparisonTest {

  private static final Drift RULES = new Drift(true, .05, 30, .05, Correction.BENJAMINI_HOCHBERG);

  static Profile profile(String name) {
    List<ColumnProfile> features = new ArrayList<>();
    Samples.columns(name)
        .forEach((column, values) -> features.add(NumericProfile.of(column, values)));
    return new Profile(
        Profile.FORMAT, Profile.VERSION, features.getFirst().count(), features, null, null, null);
  }

  private static long[] count(Layout layout, String name) {
    Map<String, double[]> columns = Samples.columns(name);
    List<List<Object>> rows = new ArrayList<>();
    int size = columns.values().iterator().next().length;
    for (int r = 0; r < size; r++) {
      int row = r;
      List<Object> values = new ArrayList<>();
      columns.values().forEach(c -> values.add(Double.isNaN(c[row]) ? null : (Object) c[row]));
      rows.add(values);
    }
    long[] counts = new long[layout.length()];
    layout.add(counts, List.copyOf(columns.keySet()), rows, List.of());
    return counts;
  }

  private static Comparison compare(String reference, String current, Drift rules) {
    Layout layout = new Layout(profile(reference));
    return Comparison.of(layout, count(layout, current), 284, rules);
  }

  private static List<String> drifted(Comparison comparison) {
    return comparison.columns().stream()
        .filter(Comparison.ColumnResult::drifted)
        .map(Comparison.ColumnResult::column)
        .toList();
  }

  @ParameterizedTest
  @EnumSource(Correction.class)
  void everyOtherRowOfTheSameTableIsNoDrift(Correction correction) {
    Drift rules = new Drift(true, .05, 30, .05, correction);
    assertThat(drifted(compare("reference", "odd", rules))).isEmpty();
    assertThat(compare("reference", "odd", rules).verdict()).isEqualTo(Comparison.Verdict.OK);
    assertThat(drifted(compare("digits", "digits_null", rules))).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(Correction.class)
  void columnsInAnotherUnitAreFoundAndNoOthers(Correction correction) {
    Comparison found = compare("reference", "unit_bug", new Drift(true, .05, 30, .05, correction));
    assertThat(drifted(found)).containsExactlyInAnyOrder("mean_texture", "mean_area");
    assertThat(found.verdict()).isEqualTo(Comparison.Verdict.DRIFTED);
    assertThat(found.share()).isEqualTo(2 / 30.0);
    assertThat(found.columns().getFirst().test()).isEqualTo("ks");
    assertThat(found.columns().getFirst().psi()).isGreaterThan(.2);
  }

  @Test
  void oneColumnInThirtyIsNoDriftOfTheWholeUnlessTheShareSaysSo() {
    Drift half = new Drift(true, .5, 30, .05, Correction.BENJAMINI_HOCHBERG);
    assertThat(compare("reference", "unit_bug", half).verdict()).isEqualTo(Comparison.Verdict.OK);
    assertThat(compare("reference", "prior_shift", half).verdict())
        .isEqualTo(Comparison.Verdict.DRIFTED);
    assertThat(drifted(compare("digits", "digits_noise", half))).hasSizeGreaterThan(32);
  }

  @Test
  void tooFewRowsGetNoVerdict() {
    Layout layout = new Layout(profile("reference"));
    Comparison none = Comparison.of(layout, count(layout, "unit_bug"), 29, RULES);
    assertThat(none.verdict()).isEqualTo(Comparison.Verdict.NOT_ENOUGH_DATA);
    assertThat(none.columns()).allSatisfy(c -> assertThat(c.note()).isEqualTo("not enough data"));
    assertThat(Comparison.of(layout, new long[layout.length()], 0, RULES).verdict())
        .isEqualTo(Comparison.Verdict.NOT_ENOUGH_DATA);
  }

  private static Layout oneOfEach() {
    double[] constant = new double[100];
    Arrays.fill(constant, 7);
    double[] absent = new double[100];
    Arrays.fill(absent, Double.NaN);
    double[] full = IntStream.range(0, 100).mapToDouble(i -> i).toArray();
    return new Layout(
        new Profile(
            Profile.FORMAT,
            Profile.VERSION,
            100,
            List.of(
                NumericProfile.of("constant", constant),
                NumericProfile.of("absent", absent),
                NumericProfile.of("full", full),
                CategoricalProfile.of(
                    "category",
                    IntStream.range(0, 100).mapToObj(i -> i % 3 == 0 ? "a" : "b").toList())),
            null,
            CategoricalProfile.of(
                "target",
                IntStream.range(0, 100).mapToObj(i -> i % 2 == 0 ? "yes" : "no").toList()),
            null));
  }

  private static Comparison of(Layout layout, List<Object> row, Object prediction, int times) {
    long[] counts = new long[layout.length()];
    layout.add(
        counts,
        List.of("constant", "absent", "full", "category"),
        Collections.nCopies(times, row),
        Collections.nCopies(times, prediction));
    return Comparison.of(layout, counts, times, RULES);
  }

  private static Comparison.ColumnResult column(Comparison comparison, String name) {
    return comparison.columns().stream()
        .filter(c -> c.column().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void constantAndEmptyColumnsHaveAStatedAnswer() {
    List<Object> row = new ArrayList<>(List.of(7.0, 1.0, 50.0, "a"));
    row.set(1, null);
    Comparison same = of(oneOfEach(), row, "yes", 60);
    assertThat(column(same, "constant").pValue()).isEqualTo(1);
    assertThat(column(same, "constant").psi()).isZero();
    assertThat(column(same, "absent").pValue()).as("missing then and now").isEqualTo(1);
    assertThat(column(same, "full").drifted()).isTrue();
    assertThat(column(same, "category").drifted()).isTrue();
    assertThat(column(same, Layout.PREDICTION).drifted()).isTrue();

    Comparison changed = of(oneOfEach(), List.of(8.0, 1.0, 50.0, "never seen"), "maybe", 60);
    assertThat(column(changed, "constant").drifted()).as("a constant that changed").isTrue();
    assertThat(column(changed, "absent").drifted()).as("values where none were").isTrue();
    assertThat(column(changed, "category").drifted()).as("a value that is new").isTrue();
    assertThat(changed.columns())
        .allSatisfy(c -> assertThat(c.pValue() == null ? 0 : c.pValue()).isBetween(0.0, 1.0));
  }

  @Test
  void valuesThatGoMissingAreDrift() {
    Comparison gone = of(oneOfEach(), Arrays.asList(null, null, null, null), "yes", 60);
    assertThat(column(gone, "full").drifted()).isTrue();
    assertThat(column(gone, "full").test()).isEqualTo("chisquare");
    assertThat(column(gone, "full").missingShare()).isEqualTo(1);
  }

  @Test
  void countsOfTwoPartsAddUpToThoseOfTheWhole() {
    Layout layout = new Layout(profile("reference"));
    Map<String, double[]> columns = Samples.columns("odd");
    List<List<Object>> rows = new ArrayList<>();
    for (int r = 0; r < 284; r++) {
      int row = r;
      rows.add(columns.values().stream().map(c -> (Object) c[row]).toList());
    }
    List<String> names = List.copyOf(columns.keySet());
    long[] whole = new long[layout.length()];
    layout.add(whole, names, rows, List.of());
    long[] sum = new long[layout.length()];
    layout.add(sum, names, rows.subList(0, 100), List.of());
    layout.add(sum, names, rows.subList(100, 284), List.of());
    assertThat(sum).isEqualTo(whole);
    assertThat(Arrays.stream(whole).sum()).isEqualTo(284L * 30);
  }
}
