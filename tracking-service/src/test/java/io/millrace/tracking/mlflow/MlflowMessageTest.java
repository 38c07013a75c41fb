package io.millrace.tracking.mlflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class MlflowMessageTest {

  private enum Colour {
    RED,
    GREEN
  }

  private static MlflowMessage message(String json) {
    return new MlflowMessage((ObjectNode) JsonMapper.shared().readTree(json.replace('\'', '"')));
  }

  private static void refused(ThrowingCallable call, String message) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            MlflowException.class,
            refusal -> assertThat(refusal.code()).isEqualTo(ErrorCode.INVALID_PARAMETER_VALUE))
        .hasMessageStartingWith(message);
  }

  @Test
  void readsNumbersInEveryForm() {
    MlflowMessage message = message("{'a':12,'b':'-12','c':1.0,'d':'1.5','e':'NaN','f':3}");

    assertThat(message.int64("a")).contains(12L);
    assertThat(message.int64("b")).contains(-12L);
    assertThat(message.int64("c")).contains(1L);
    assertThat(message.requiredDouble("d")).isEqualTo(1.5);
    assertThat(message.requiredDouble("e")).isNaN();
    assertThat(message.requiredDouble("f")).isEqualTo(3.0);
    assertThat(message.int64("z")).isEmpty();
  }

  @Test
  void refusesWrongTypesInTheWordsOfTheContract() {
    MlflowMessage message =
        message("{'a':true,'b':'foo','c':1.5,'d':[1],'e':{'x':1},'f':12345678901234567890}");

    refused(
        () -> message.int64("a"),
        "Invalid value true for parameter 'a' supplied:  Hint: Value was of type 'bool'.");
    refused(
        () -> message.requiredDouble("b"),
        "Invalid value \"foo\" for parameter 'b' supplied:  Hint: Value was of type 'str'.");
    refused(() -> message.int64("c"), "Invalid value 1.5 for parameter 'c'");
    refused(
        () -> message.text("d"),
        "Invalid value [1] for parameter 'd' supplied:  Hint: Value was of type 'list'.");
    refused(() -> message.texts("e"), "Invalid value {\"x\":1} for parameter 'e'");
    refused(() -> message.texts("d"), "Invalid value [1]");
    refused(() -> message.int64("f"), "Invalid value 12345678901234567890");
    refused(() -> message.messages("d"), "Invalid value [1]");
    refused(() -> message.requiredDouble("a"), "Invalid value true");
  }

  @Test
  void countsNullAndEmptyAsMissing() {
    MlflowMessage message = message("{'a':null,'b':''}");

    refused(
        () -> message.required("a"),
        "Missing value for required parameter 'a'. See the API docs for more information about request parameters.");
    refused(() -> message.required("b"), "Missing value for required parameter 'b'.");
    refused(() -> message.requiredInt64("c"), "Missing value for required parameter 'c'.");
    assertThat(message.text("b")).contains("");
    assertThat(message.text("a")).isEmpty();
  }

  @Test
  void namesThePlaceInABatch() {
    MlflowMessage message = message("{'metrics':[{'key':'a'},{}]}");

    refused(
        () -> message.messages("metrics").get(1).required("key"),
        "Missing value for required parameter 'metrics[1].key'.");
  }

  @Test
  void takesCamelCaseAndOlderNames() {
    MlflowMessage message = message("{'runUuid':'r','maxResults':'5'}");

    assertThat(message.requiredOneOf("run_id", "run_uuid")).isEqualTo("r");
    assertThat(message.int64("max_results")).contains(5L);
  }

  @Test
  void takesConstantsByNameAndNumber() {
    MlflowMessage message = message("{'a':'GREEN','b':2,'c':'1','d':'BLUE'}");

    assertThat(message.constant("a", Colour.class)).contains(Colour.GREEN);
    assertThat(message.constant("b", Colour.class)).contains(Colour.GREEN);
    assertThat(message.constant("c", Colour.class)).contains(Colour.RED);
    refused(() -> message.constant("d", Colour.class), "Invalid value \"BLUE\"");
  }

  @Test
  void readsTruthValues() {
    MlflowMessage message = message("{'a':true,'b':'TRUE','c':'maybe'}");

    assertThat(message.flag("a")).isTrue();
    assertThat(message.flag("b")).isTrue();
    assertThat(message.flag("none")).isFalse();
    refused(() -> message.flag("c"), "Invalid boolean value: maybe, must be 'true' or 'false'.");
  }
}
