package io.millrace.modelpackage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.datasets.ColumnKind;
import io.millrace.datasets.Csv;
import io.millrace.datasets.Table;
import io.millrace.datasets.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SignatureTest {
  private final Signature signature =
      new Signature(
          Task.REGRESSION,
          List.of(
              new Feature("age", ColumnKind.INTEGER, List.of()),
              new Feature("colour", ColumnKind.CATEGORICAL, List.of("blue", "green", "red")),
              new Feature("member", ColumnKind.BOOLEAN, List.of("false", "true"))),
          List.of());

  @TempDir Path dir;

  @Test
  void encodesRowsWithCategoriesAsCodes() {
    float[] matrix =
        signature.encodeRows(
            List.of(
                Map.of("age", 41, "colour", "red", "member", true, "unknown", "ignored"),
                Map.of("age", "41.5", "colour", "blue", "member", "FALSE")));
    assertThat(matrix).containsExactly(41f, 2f, 1f, 41.5f, 0f, 0f);
  }

  @Test
  void missingValuesAndUnknownCategoriesAreNaN() {
    Map<String, Object> row = new HashMap<>();
    row.put("age", null);
    row.put("colour", "mauve");
    row.put("member", "");
    assertThat(signature.encodeRows(List.of(row))).containsExactly(Float.NaN, Float.NaN, Float.NaN);
  }

  @Test
  void encodesMatricesAndColumnsInAnyColumnOrder() {
    float[] expected = {7f, 1f, 0f};
    assertThat(
            signature.encodeMatrix(
                List.of("member", "age", "x", "colour"),
                List.of(Arrays.asList(false, 7, null, "green"))))
        .containsExactly(expected);
    assertThat(
            signature.encodeColumns(
                Map.of("colour", List.of("green"), "member", List.of(0), "age", List.of(7L))))
        .containsExactly(expected);
  }

  @Test
  void namesColumnAndRowOfValueThatDoesNotFit() {
    assertThatThrownBy(
            () ->
                signature.encodeRows(
                    List.of(
                        Map.of("age", 1, "colour", "red", "member", 1),
                        Map.of("age", "old", "colour", "red", "member", 1))))
        .isInstanceOfSatisfying(
            SignatureException.class, e -> assertThat(e.column()).isEqualTo("age"))
        .hasMessage("column 'age', row 1: 'old' is not a number");
    assertThatThrownBy(
            () -> signature.encodeRows(List.of(Map.of("age", 1e300, "colour", "red", "member", 1))))
        .hasMessageContaining("not a finite 32-bit number");
    assertThatThrownBy(
            () -> signature.encodeRows(List.of(Map.of("age", true, "colour", "red", "member", 1))))
        .hasMessageContaining("true is not a number");
    assertThatThrownBy(
            () ->
                signature.encodeRows(
                    List.of(Map.of("age", 1, "colour", List.of("red"), "member", 1))))
        .hasMessageContaining("column 'colour', row 0");
    assertThatThrownBy(
            () -> signature.encodeRows(List.of(Map.of("age", 1, "colour", "red", "member", 2))))
        .hasMessageContaining("2 is not true or false");
  }

  @Test
  void namesAbsentColumnAndWhatMayBeMeant() {
    assertThatThrownBy(
            () -> signature.encodeRows(List.of(Map.of("age", 1, "color", "red", "member", 1))))
        .hasMessage("column 'colour' is missing in row 0 (is 'color' meant?)");
    assertThatThrownBy(() -> signature.encodeMatrix(List.of("age", "colour"), List.of()))
        .hasMessage("column 'member' is missing");
    assertThatThrownBy(() -> signature.encodeMatrix(signature.names(), List.of(List.of(1, "red"))))
        .hasMessageContaining("row 0 has 2 values for 3 columns");
    assertThatThrownBy(
            () ->
                signature.encodeColumns(
                    Map.of("age", List.of(1), "colour", List.of(), "member", List.of(1))))
        .isInstanceOf(SignatureException.class);
  }

  @Test
  void encodesTablesWhoseCategoriesHaveOtherCodes() throws IOException {
    Table table =
        Csv.read(
            Files.writeString(
                dir.resolve("t.csv"), "member,colour,age\ntrue,red,3\nfalse,violet,\n"));
    assertThat(signature.encode(table, new int[] {1, 0}))
        .containsExactly(Float.NaN, Float.NaN, 0f, 3f, 2f, 1f);
  }

  @Test
  void categoriesMustAscend() {
    assertThatThrownBy(() -> new Feature("c", ColumnKind.CATEGORICAL, List.of("b", "a")))
        .hasMessageContaining("must ascend");
  }
}
