package io.millrace.inference.v2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.inference.requests.Refusal;
import io.millrace.inference.rows.Columns;
import io.millrace.inference.rows.Example;
import io.millrace.inference.rows.InvalidRows;
import io.millrace.inference.rows.RowBatch;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.JacksonException;

class InferRequestTest {

  private static RowBatch rows(String json, Columns columns) {
    return InferRequest.read(json.getBytes(StandardCharsets.UTF_8)).rows(columns, 1000);
  }

  private static String input(String tensor) {
    return "{\"inputs\":[" + tensor.replace('\'', '"') + "]}";
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'name':'x','datatype':'FP32','shape':[2,2],'data':[1,2,3,4]}",
        "{'name':'x','datatype':'FP64','shape':[2,2],'data':[[1,2],[3,4]]}",
        "{'data':[[1,2],[3,4]],'shape':[2,2],'datatype':'INT64','name':'x','parameters':{'a':1}}",
      })
  void readsAMatrixFlatOrNestedInAnyOrderOfNames(String tensor) {
    assertThat(rows(input(tensor), Example.NUMBERS).matrix()).containsExactly(1, 2, 3, 4);
  }

  @Test
  void readsOneTensorPerColumnWithCategoriesAndMissingValues() {
    RowBatch batch =
        rows(
            input(
                """
                {'name':'urgent','datatype':'BOOL','shape':[3],'data':[true,false,null]},
                {'name':'ward','datatype':'BYTES','shape':[3,1],'data':['west','north',null]},
                {'name':'age','datatype':'FP64','shape':[3],'data':[51.5,null,7]},
                {'name':'visits','datatype':'INT32','shape':[3],'data':[1,2,3]}
                """),
            Example.MIXED);
    assertThat(batch.matrix())
        .containsExactly(51.5f, 1, 1, 1, Float.NaN, 2, Float.NaN, 0, 7, 3, Float.NaN, Float.NaN);
    assertThat(batch.logged(1, 2))
        .as("an unknown category is logged as it came")
        .isEqualTo("north");
    assertThat(batch.logged(1, 0)).isNull();
    assertThat(batch.logged(0, 3)).isEqualTo("true");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {'name':'x','datatype':'FP32','shape':[2,2],'data':[1,2,3]}            | needs 4 values
          {'name':'x','datatype':'FP32','shape':[2,2],'data':[[1,2,3,4]]}        | nested as
          {'name':'x','datatype':'FP32','shape':[2,2],'data':[[1,2],[3]]}        | ragged
          {'name':'x','datatype':'FP32','shape':[2,2],'data':[[1,2],3,4]}        | ragged
          {'name':'x','datatype':'FP32','shape':[-2,2],'data':[1,2,3,4]}         | 0 or more
          {'name':'x','datatype':'FP32','shape':[1.5,2],'data':[1,2,3]}          | 0 or more
          {'name':'x','datatype':'FP32','shape':[4294967296,4294967296],'data':[]} | too large
          {'name':'x','datatype':'FP32','shape':[2147483648,4],'data':[1]}       | needs 8589934592 values
          {'name':'x','datatype':'FP32','shape':[0,2],'data':[]}                 | no rows
          {'name':'x','datatype':'FP32','shape':[],'data':[]}                    | 1 to 8 numbers
          {'name':'x','datatype':'FP32','shape':[1,3],'data':[1,2,3]}            | [rows, 2]
          {'name':'x','datatype':'FP32','shape':[2000,2],'data':[]}              | needs 4000 values
          {'name':'x','datatype':'FP16','shape':[1,2],'data':[1,2]}              | FP16 has no form in JSON
          {'name':'x','datatype':'FLOAT','shape':[1,2],'data':[1,2]}             | is not a datatype
          {'name':'x','datatype':'INT8','shape':[1,2],'data':[1,128]}            | INT8 can hold
          {'name':'x','datatype':'INT64','shape':[1,2],'data':[1,1.5]}           | INT64 can hold
          {'name':'x','datatype':'FP32','shape':[1,2],'data':[1,1e39]}           | FP32 can hold
          {'name':'x','datatype':'FP64','shape':[1,2],'data':[1,1e39]}           | finite 32-bit
          {'name':'x','datatype':'FP64','shape':[1,2],'data':[1,1e999]}          | too large for 64 bits
          {'name':'x','datatype':'FP32','shape':[1,2],'data':[1,'2']}            | FP32 can hold
          {'name':'x','datatype':'FP32','shape':[1,2],'data':[1,true]}           | FP32 can hold
          {'name':'x','datatype':'FP32','shape':[1,2],'data':[1,{}]}             | single value
          {'name':'x','datatype':'FP32','shape':[1,2]}                           | lacks its data
          {'datatype':'FP32','shape':[1,2],'data':[1,2]}                         | lacks its name
          {'name':'x','datatype':'FP32','shape':[1,2],'data':[1,2],'parameters':{'binary_data_size':8}} | binary tensor extension
          {'name':'a','datatype':'FP32','shape':[1],'data':[1]},{'name':'a','datatype':'FP32','shape':[1],'data':[1]} | twice
          {'name':'a','datatype':'FP32','shape':[1],'data':[1]},{'name':'c','datatype':'FP32','shape':[1],'data':[1]} | no column 'c'
          {'name':'a','datatype':'FP32','shape':[1],'data':[1]},{'name':'b','datatype':'FP32','shape':[2],'data':[1,2]} | has 2 values
          {'name':'a','datatype':'FP32','shape':[1],'data':[1]}                  | column 'b' is missing
          """)
  void refusesWhatDoesNotFitAndSaysWhy(String tensor, String reason) {
    assertThatThrownBy(() -> rows(input(tensor), Example.NUMBERS))
        .isInstanceOfAny(Refusal.class, InvalidRows.class)
        .hasMessageContaining(reason);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[1]",
        "{\"inputs\":[]}",
        "{}",
        "{\"inputs\":{}}",
        "{\"inputs\":[1]}",
        "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[1,2],\"data\":[NaN,1]}]}",
        "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[1,2],\"data\":[1,]}]}",
        "{\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[1,2],\"data\":[1,2]}]} 1",
        "{\"id\":5,\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[1,2],\"data\":[1,2]}]}",
        "{\"parameters\":[],\"inputs\":[{\"name\":\"x\",\"datatype\":\"FP32\",\"shape\":[1,2],\"data\":[1,2]}]}",
      })
  void refusesWhatIsNotARequest(String body) {
    assertThatThrownBy(() -> rows(body, Example.NUMBERS))
        .isInstanceOfAny(Refusal.class, InvalidRows.class, JacksonException.class);
  }

  @Test
  void refusesDeepNestingWithoutDeepStacks() {
    String deep = "[".repeat(100_000);
    assertThatThrownBy(() -> rows("{\"x\":" + deep, Example.NUMBERS))
        .isInstanceOf(JacksonException.class);
    assertThatThrownBy(
            () ->
                rows(
                    input("{'name':'x','datatype':'FP32','shape':[1,2],'data':" + deep),
                    Example.NUMBERS))
        .isInstanceOf(InvalidRows.class);
  }

  @Test
  void refusesInvalidUtf8() {
    byte[] body = "{\"id\":\"??\",\"inputs\":[]}".getBytes(StandardCharsets.UTF_8);
    body[7] = (byte) 0xc3;
    body[8] = (byte) 0x28;
    assertThatThrownBy(() -> InferRequest.read(body)).isInstanceOf(JacksonException.class);
  }

  @Test
  void refusesAMatrixForColumnsThatAreNotNumbers() {
    assertThatThrownBy(
            () ->
                rows(
                    input("{'name':'x','datatype':'FP32','shape':[1,4],'data':[1,2,3,4]}"),
                    Example.MIXED))
        .hasMessageContaining("one tensor per column")
        .hasMessageContaining("ward, urgent");
  }

  @Test
  void refusesMoreRowsThanAllowed() {
    String values = "1,2,".repeat(1001);
    assertThatThrownBy(
            () ->
                rows(
                    input(
                        "{'name':'x','datatype':'FP32','shape':[1001,2],'data':["
                            + values.substring(0, values.length() - 1)
                            + "]}"),
                    Example.NUMBERS))
        .hasMessageContaining("millrace.inference.max-rows");
  }
}
