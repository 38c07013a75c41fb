package io.millrace.messaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.events.EvaluatedMetric;
import io.millrace.events.MetricPoint;
import io.millrace.events.MetricsLogged;
import io.millrace.events.PredictionLogged;
import io.millrace.events.RunQueued;
import io.millrace.events.RunStarted;
import io.millrace.events.TrainRequested;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EventCodecTest {

  private final EventCodec codec = new EventCodec();

  @Test
  void framesAsConfluentClientsDo() {
    RunStarted event = Samples.runStarted("r", 1);
    byte[] bytes = codec.encode(event);
    assertThat(bytes[0]).isZero();
    assertThat(java.nio.ByteBuffer.wrap(bytes).getInt(1)).isEqualTo(codec.schemaId(event));
    assertThat(codec.catalogue().byId(codec.schemaId(event)).orElseThrow().record())
        .isEqualTo("io.millrace.events.RunStarted");
    assertThat(codec.decode(bytes)).isEqualTo(event);
  }

  @Test
  void decodesWhatItEncodesForEveryKindOfField() {
    for (SpecificRecord event : List.of(Samples.runQueued("r"), metrics(), prediction())) {
      assertThat(codec.decode(codec.encode(event))).isEqualTo(event);
    }
  }

  @Test
  void readsBackTheJsonItWrites() {
    for (SpecificRecord event :
        List.of(Samples.runQueued("r"), metrics(), prediction(), Samples.desiredState("m", 3))) {
      assertThat(codec.fromJson(event.getClass(), codec.toJson(event)).toString())
          .isEqualTo(event.toString());
    }
  }

  @Test
  void writesJsonAsAPersonWould() {
    assertThat(codec.toJson(metrics()))
        .isEqualTo(
            "{\"requestId\":null,\"runId\":\"r\",\"metrics\":[{\"key\":\"loss\",\"value\":0.5,\"step\":1,\"timestamp\":\"2026-11-21T09:30:00.125Z\"},{\"key\":\"nan\",\"value\":\"NaN\",\"step\":2,\"timestamp\":\"2026-11-21T09:30:01Z\"}],\"total\":2}");
    assertThat(codec.toJson(prediction()))
        .contains("\"rows\":[[1.5,\"red\",null]]")
        .contains("\"predictions\":[\"yes\",2.0]");
  }

  @Test
  void fillsDefaultsOfJson() {
    TrainRequested request = codec.fromJson(TrainRequested.class, "{\"pipeline\": \"iris\"}");
    assertThat(request).isEqualTo(TrainRequested.newBuilder().setPipeline("iris").build());
    assertThat(request.getOverrides()).isEmpty();
    assertThat(codec.fromJson(TrainRequested.class, "{}").getRequestedBy()).isEqualTo("unknown");
    assertThat(
            codec.fromJson(EvaluatedMetric.class, "{\"name\": \"auc\", \"value\": 1}").getLower())
        .isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{`|malformed-json|not JSON",
        "`[]`|malformed-json|object",
        "`\"x\"`|malformed-json|object",
        "`{\"pipeline\": \"a\"} x`|malformed-json|not JSON",
        "`{\"pipeline\": \"a\", \"pipeline\": \"b\"}`|malformed-json|not JSON",
        "`{\"pipelin\": \"a\"}`|unknown-field|did you mean pipeline?",
        "`{\"requestID\": \"a\"}`|unknown-field|did you mean requestId?",
        "`{\"zzzzzzzzzzzz\": 1}`|unknown-field|its fields are requestId, pipeline",
        "`{\"pipeline\": 3}`|wrong-type|pipeline must be a string, not 3",
        "`{\"pipelineVersion\": 3000000000}`|wrong-type|32 bits",
        "`{\"pipelineVersion\": 1.5}`|wrong-type|whole number",
        "`{\"overrides\": {\"a\": 1}}`|wrong-type|overrides.a must be a string",
        "`{\"requestedBy\": null}`|wrong-type|requestedBy must be a string, not null",
      })
  void saysWhatIsWrongWithJson(String json, String code, String words) {
    assertThatThrownBy(() -> codec.fromJson(TrainRequested.class, json.replace("`", "")))
        .isInstanceOfSatisfying(
            TerminalFailure.class, failure -> assertThat(failure.code()).isEqualTo(code))
        .hasMessageContaining(words);
  }

  @Test
  void namesThePathOfANestedMistake() {
    String json =
        codec
            .toJson(Samples.runQueued("r"))
            .replace("\"sha256\":\"" + "0".repeat(64) + "\"", "\"sha257\":\"x\"");
    assertThatThrownBy(() -> codec.fromJson(RunQueued.class, json))
        .hasMessageContaining("dataset.content.sha257")
        .hasMessageContaining("did you mean sha256?");
    assertThatThrownBy(
            () ->
                codec.fromJson(
                    MetricsLogged.class,
                    "{\"runId\":\"r\",\"total\":1,\"metrics\":[{\"key\":\"k\",\"value\":\"much\"}]}"))
        .hasMessageContaining("metrics[0].value must be a number");
    assertThatThrownBy(() -> codec.fromJson(MetricsLogged.class, "{\"runId\":\"r\"}"))
        .isInstanceOfSatisfying(
            TerminalFailure.class,
            failure -> assertThat(failure.code()).isEqualTo("missing-field"));
  }

  @Test
  void refusesDeeplyNestedAndHugeLengths() {
    String deep = "{\"pipeline\": " + "[".repeat(100_000) + "]".repeat(100_000) + "}";
    assertThatThrownBy(() -> codec.fromJson(TrainRequested.class, deep))
        .isInstanceOf(TerminalFailure.class);
    // A string that claims to be 1 GB long.
    byte[] claims =
        new byte[] {
          0,
          0,
          0,
          0,
          (byte) codec.schemaId(Samples.runStarted("r", 1)),
          (byte) 0x80,
          (byte) 0x80,
          (byte) 0x80,
          (byte) 0x80,
          0x08
        };
    assertThatThrownBy(() -> codec.decode(claims))
        .isInstanceOfSatisfying(
            TerminalFailure.class, failure -> assertThat(failure.code()).isEqualTo("undecodable"));
  }

  private static MetricsLogged metrics() {
    return MetricsLogged.newBuilder()
        .setRunId("r")
        .setMetrics(
            List.of(
                MetricPoint.newBuilder()
                    .setKey("loss")
                    .setValue(0.5)
                    .setStep(1)
                    .setTimestamp(Instant.parse("2026-11-21T09:30:00.125Z"))
                    .build(),
                MetricPoint.newBuilder()
                    .setKey("nan")
                    .setValue(Double.NaN)
                    .setStep(2)
                    .setTimestamp(Instant.parse("2026-11-21T09:30:01Z"))
                    .build()))
        .setTotal(2)
        .build();
  }

  private static PredictionLogged prediction() {
    return PredictionLogged.newBuilder()
        .setPredictionId("p")
        .setEnvironment("staging")
        .setModelName("m")
        .setVersion(1)
        .setTimestamp(Instant.parse("2026-11-21T09:30:00Z"))
        .setProtocol("v2")
        .setColumns(List.of("a", "b", "c"))
        .setRows(List.of(Arrays.asList(1.5, "red", null)))
        .setPredictions(List.of("yes", 2.0))
        .setClasses(List.of("yes", "no"))
        .setProbabilities(List.of(List.of(0.25, 0.75)))
        .setLatencyMicros(12)
        .build();
  }
}
