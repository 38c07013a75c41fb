package io.millrace.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.datasets.DatasetException.Code;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CsvTest {
  @TempDir Path dir;

  @Test
  void readsQuotedCommasQuotesAndLineBreaks() throws IOException {
    Table table =
        Csv.read(file("a,b,c\r\n1,\"x, y\",\"say \"\"hi\"\"\"\r\n2,\"two\nlines\",z\r\n"));

    assertThat(table.rows()).isEqualTo(2);
    assertThat(table.text(1, 0)).isEqualTo("x, y");
    assertThat(table.text(2, 0)).isEqualTo("say \"hi\"");
    assertThat(table.text(1, 1)).isEqualTo("two\nlines");
    assertThat(table.numbers("a")).containsExactly(1, 2);
  }

  @Test
  void readsWithByteOrderMarkAndWithoutFinalLineBreakAndSkipsBlankLines() throws IOException {
    Table table = Csv.read(file("\uFEFFa,b\n1,2\n\n3,4"));

    assertThat(table.schema().names()).containsExactly("a", "b");
    assertThat(table.numbers("b")).containsExactly(2, 4);
  }

  @Test
  void infersKinds() throws IOException {
    Table table =
        Csv.read(
            file(
                """
                n,i,whole,code,flag,cat,empty
                1.5,1,1.0,01234,true,red,
                -2e3,2,2.0,00001,FALSE,blue,NA
                NA,,3.0,12345,true,,
                """));

    assertThat(table.schema().columns())
        .extracting(Column::kind)
        .containsExactly(
            ColumnKind.NUMERIC,
            ColumnKind.INTEGER,
            ColumnKind.INTEGER,
            ColumnKind.CATEGORICAL,
            ColumnKind.BOOLEAN,
            ColumnKind.CATEGORICAL,
            ColumnKind.NUMERIC);
    assertThat(table.schema().column("cat").categories()).containsExactly("blue", "red");
    assertThat(table.schema().column("i").nullable()).isTrue();
    assertThat(table.codes("flag")).containsExactly(1, 0, 1);
    assertThat(table.codes("cat")).containsExactly(1, 0, Table.MISSING);
    assertThat(table.value(0, 2)).isNaN();
    assertThat(table.text(2, 1)).isEqualTo("2");
  }

  @Test
  void doesNotTakeJavaSpellingsForNumbers() {
    assertThat(CellText.number("1d")).isNaN();
    assertThat(CellText.number("0x1p3")).isNaN();
    assertThat(CellText.number(" 7 ")).isEqualTo(7);
    assertThat(CellText.number("-Infinity")).isEqualTo(Double.NEGATIVE_INFINITY);
  }

  @Test
  void countsManyDistinctTextsAsText() throws IOException {
    StringBuilder text = new StringBuilder("id,x\n");
    for (int i = 0; i < 1500; i++) {
      text.append("patient-").append(i).append(',').append(i % 7).append('\n');
    }
    Table table = Csv.read(file(text.toString()));

    assertThat(table.schema().column("id").kind()).isEqualTo(ColumnKind.TEXT);
    assertThat(table.schema().features("x")).isEmpty();
  }

  @Test
  void choosesTaskByTarget() throws IOException {
    Schema iris = Csv.infer(Path.of("src/test/resources/iris.csv")).schema();
    assertThat(iris.task("target")).isEqualTo(Task.CLASSIFICATION);
    assertThat(iris.task("petal_length")).isEqualTo(Task.REGRESSION);
    assertThat(iris.column("target").categories()).containsExactly("0", "1", "2");
    assertThat(Schema.fromJson(iris.toJson())).isEqualTo(iris);
  }

  @Test
  void readsWithKnownSchemaInAnyColumnOrderAndIgnoresOthers() throws IOException {
    Schema schema = Csv.infer(file("a,c\n1,x\n2,y\n")).schema();
    Table table = Csv.read(file("extra,c,a\n0,y,5\n0,new,6\n"), schema);

    assertThat(table.numbers("a")).containsExactly(5, 6);
    assertThat(table.codes("c")).containsExactly(1, Table.MISSING);
  }

  @Test
  void namesFileLineAndCountsOfRaggedRow() throws IOException {
    refused(
        Code.RAGGED_ROW,
        "data.csv, line 3: expected 2 fields as in the header, found 3",
        "a,b\n1,2\n1,2,3\n");
    refused(
        Code.RAGGED_ROW,
        "data.csv, line 2: expected 2 fields as in the header, found 1",
        "a,b\n1\n");
  }

  @Test
  void refusesBadHeaders() throws IOException {
    refused(Code.EMPTY_HEADER, "column 2 of 3 has no name", "a,,c\n1,2,3\n");
    refused(Code.DUPLICATE_COLUMN, "'a' occurs twice, at 1 and 3", "a,b,a\n1,2,3\n");
    refused(Code.MALFORMED, "separated by semicolons", "a;b\n1;2\n");
    refused(Code.EMPTY_FILE, "data.csv is empty", "");
    refused(Code.NO_ROWS, "has a header but no rows", "a,b\n");
  }

  @Test
  void refusesTextThatIsNotUtf8() throws IOException {
    Path path = dir.resolve("latin.csv");
    Files.write(path, "a,b\n1,caf\u00e9\n".getBytes(StandardCharsets.ISO_8859_1));
    refused(Code.NOT_UTF8, "latin.csv is not UTF-8", () -> Csv.read(path));
    Path late = dir.resolve("late.csv");
    byte[] bytes =
        ("a,b\n" + "1,2\n".repeat(100_000) + "1,\u00e9\n").getBytes(StandardCharsets.ISO_8859_1);
    Files.write(late, bytes);
    refused(Code.NOT_UTF8, "late.csv is not UTF-8", () -> Csv.read(late));
  }

  @Test
  void refusesMissingFileAndMissingColumnWithNearestName() throws IOException {
    refused(Code.NOT_FOUND, "there is no file", () -> Csv.read(dir.resolve("none.csv")));
    Schema schema = Csv.infer(file("mean_radius,diagnosis\n1,x\n2,y\n")).schema();
    refused(
        Code.MISSING_COLUMN,
        "no column 'Diagnosys' (did you mean 'diagnosis'?)",
        () -> schema.task("Diagnosys"));
    Path other = dir.resolve("other.csv");
    Files.writeString(other, "mean-radius,diagnosis\n1,x\n");
    refused(
        Code.MISSING_COLUMN,
        "other.csv has no column 'mean_radius' (did you mean 'mean-radius'?)",
        () -> Csv.read(other, schema));
  }

  @Test
  void namesLineAndColumnOfValueThatIsNoNumber() throws IOException {
    Schema schema = Csv.infer(file("a,b\n1,2\n")).schema();
    Path bad = file("a,b\n1,2\n3,four\n");
    refused(
        Code.BAD_VALUE,
        "data.csv, line 3, column 'b': 'four' is not a number",
        () -> Csv.read(bad, schema));
  }

  @Test
  void nearestNameIgnoresCaseAndSeparatorsAndDoesNotGuessWildly() {
    assertThat(NearestName.of("max_depth", List.of("trees", "max-depth"))).contains("max-depth");
    assertThat(NearestName.of("treees", List.of("trees", "max-depth"))).contains("trees");
    assertThat(NearestName.of("colour", List.of("trees", "max-depth"))).isEmpty();
  }

  private void refused(Code code, String message, String text) throws IOException {
    Path path = file(text);
    refused(code, message, () -> Csv.read(path));
  }

  private static void refused(Code code, String message, ThrowingCallable work) {
    assertThatThrownBy(work)
        .isInstanceOfSatisfying(DatasetException.class, e -> assertThat(e.code()).isEqualTo(code))
        .hasMessageContaining(message);
  }

  private Path file(String text) throws IOException {
    return Files.writeString(dir.resolve("data.csv"), text);
  }
}
