package io.millrace.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ProfileTest {
  private final Random random = new Random(7);

  @Test
  void mergeOfPartsEqualsWhole() {
    double[] values = random.doubles(1000).map(v -> Math.floor(v * 500) / 7).toArray();
    values[3] = Double.NaN;
    values[5] = Double.POSITIVE_INFINITY;
    NumericProfile whole = NumericProfile.of("x", values);
    ColumnProfile sum =
        ColumnProfile.merge(
            whole.recount(Arrays.copyOfRange(values, 0, 311)),
            whole.recount(Arrays.copyOfRange(values, 311, 1000)));

    NumericProfile merged = (NumericProfile) sum;
    assertThat(merged.counts()).isEqualTo(whole.counts());
    assertThat(merged.count()).isEqualTo(998);
    assertThat(merged.missing()).isEqualTo(1);
    assertThat(merged.infinite()).isEqualTo(1);
    assertThat(merged.min()).isEqualTo(whole.min());
    assertThat(merged.max()).isEqualTo(whole.max());
    assertThat(merged.mean()).isCloseTo(whole.mean(), within(1e-12));
    assertThat(merged.std()).isCloseTo(whole.std(), within(1e-12));
    assertThat(ColumnProfile.merge(whole.recount(), whole)).isEqualTo(whole);
  }

  @Test
  void mergeOfCategoriesEqualsWhole() {
    List<String> values = new ArrayList<>();
    for (int i = 0; i < 5000; i++) {
      values.add(i % 97 == 0 ? null : "v" + (int) Math.abs(random.nextGaussian() * 80));
    }
    CategoricalProfile whole = CategoricalProfile.of("c", values);
    assertThat(whole.values()).hasSize(CategoricalProfile.MAX_VALUES);
    assertThat(whole.other()).isPositive();
    assertThat(
            ColumnProfile.merge(
                whole.recount(values.subList(0, 1234)), whole.recount(values.subList(1234, 5000))))
        .isEqualTo(whole);
  }

  @Test
  void binsHoldAboutEquallyManyAndOuterOnesNone() {
    double[] values = random.doubles(6200).toArray();
    NumericProfile profile = NumericProfile.of("x", values);

    assertThat(profile.counts()).hasSize(NumericProfile.MAX_BINS);
    assertThat(profile.counts().getFirst()).isZero();
    assertThat(profile.counts().getLast()).isZero();
    assertThat(profile.counts().subList(1, 63)).allSatisfy(n -> assertThat(n).isBetween(99L, 101L));
    assertThat(profile.counts().stream().mapToLong(n -> n).sum()).isEqualTo(profile.count());
  }

  @Test
  void roundingToFloatMovesNoValueToAnotherBin() {
    double[] values = random.doubles(3000).map(v -> Math.rint(v * 100) / 1000).toArray();
    NumericProfile profile = NumericProfile.of("x", values);
    double[] rounded = Arrays.stream(values).map(v -> (float) v).toArray();

    assertThat(profile.recount(rounded).counts()).isEqualTo(profile.counts());
  }

  @Test
  void columnConstantInReferenceStillShowsChange() {
    NumericProfile profile = NumericProfile.of("x", new double[] {5, 5, 5, 5});

    assertThat(profile.counts()).containsExactly(0L, 4L, 0L);
    assertThat(profile.recount(4.9, 5, 5.1).counts()).containsExactly(1L, 1L, 1L);
    assertThat(NumericProfile.of("z", new double[] {0, 0}).recount(1e-3).counts())
        .containsExactly(0L, 0L, 1L);
  }

  @Test
  void columnWithoutValuesHasOneEmptyBin() {
    NumericProfile profile = NumericProfile.of("x", new double[] {Double.NaN, Double.NaN});

    assertThat(profile.counts()).containsExactly(0L);
    assertThat(profile.missing()).isEqualTo(2);
    assertThat(profile.std()).isZero();
  }

  @Test
  void survivesJson() {
    Table table = Csv.read(Path.of("src/test/resources/iris.csv"));
    int[] rows = IntStream.range(0, table.rows()).toArray();
    Profile profile =
        Profile.of(table, table.schema().features("target"), "target", rows)
            .withOutputs(
                CategoricalProfile.of("prediction", Collections.nCopies(9, "1")),
                NumericProfile.of("score", new double[] {.1, .2}));

    assertThat(Profile.fromJson(profile.toJson())).isEqualTo(profile);
    assertThat(profile.feature("petal_width")).isPresent();
    assertThat(profile.target()).isInstanceOf(CategoricalProfile.class);
    assertThat(Profile.merge(profile, profile).rows()).isEqualTo(300);
  }

  @Test
  void refusesOtherDocumentsAndUnlikeProfiles() {
    assertThatThrownBy(
            () ->
                Profile.fromJson(
                    "{\"format\":\"millrace-profile\",\"version\":2,\"rows\":1,\"features\":[]}"))
        .hasMessageContaining("version 2");
    assertThatThrownBy(() -> Profile.fromJson("[")).hasMessageContaining("not a profile document");
    assertThatThrownBy(
            () ->
                ColumnProfile.merge(
                    NumericProfile.of("x", new double[] {1, 2}),
                    NumericProfile.of("x", new double[] {1, 3})))
        .hasMessageContaining("different bins");
  }
}
