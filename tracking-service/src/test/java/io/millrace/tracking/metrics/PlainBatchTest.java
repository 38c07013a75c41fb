package io.millrace.tracking.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.tracking.mlflow.MlflowMessage;
import io.millrace.tracking.runs.Metric;
import io.millrace.tracking.runs.RunId;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlainBatchTest {

  private static MlflowMessage message(String json) {
    return new MlflowMessage(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
  }

  private static Optional<PlainBatch> read(String json) {
    return message(json).streamed(PlainBatch::read);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'run_id':'r','metrics':[{'key':'loss','value':0.25,'timestamp':5,'step':3}]}",
        "{'metrics':[{'step':'3','timestamp':'5','value':0.25,'key':'loss'}],'run_id':'r'}",
        "{'run_id':'r','metrics':[{'key':'a','value':1,'timestamp':0}],'params':[],'tags':[]}",
        "{'run_id':'r','metrics':[{'key':'a','key':'b','value':1,'value':2,'timestamp':0}]}",
        "{'run_id':'r','metrics':[{'key':'a','value':-1e308,'timestamp':0},{'key':'a','value':NaN,'timestamp':1}]}",
        "{'run_id':'r','metrics':[{'key':'val/loss','value':1e999,'timestamp':9223372036854775807}]}",
        "{'run_id':'r','metrics':[]}",
      })
  void readsWhatAMessageWouldSay(String json) {
    MlflowMessage asTree = message(json);

    PlainBatch batch = read(json).orElseThrow();

    assertThat(batch.run()).isEqualTo(RunId.of(asTree));
    assertThat(batch.points()).isEqualTo(MetricEndpoints.points(asTree.messages("metrics")));
  }

  @Test
  void readsValuesToTheLastBit() {
    Random random = new Random(7);
    String points =
        IntStream.range(0, 1000)
            .mapToObj(
                i ->
                    "{'key':'k%d','value':%s,'timestamp':%d,'step':%d}"
                        .formatted(
                            i % 7,
                            i % 2 == 0
                                ? Double.toString(random.nextDouble())
                                : Double.toString(
                                    Double.longBitsToDouble(
                                        random.nextLong() & 0x7FDF_FFFF_FFFF_FFFFL)),
                            random.nextLong(Long.MAX_VALUE),
                            random.nextLong()))
            .collect(Collectors.joining(","));
    String json = "{'run_id':'r','metrics':[" + points + "]}";

    List<Metric> read = read(json).orElseThrow().points();

    assertThat(read)
        .hasSize(1000)
        .isEqualTo(MetricEndpoints.points(message(json).messages("metrics")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "'{}'",
        "{'run_id':'r'}",
        "{'metrics':[]}",
        "{'run_id':'','metrics':[]}",
        "{'run_id':'r','metrics':[]",
        "{'run_id':'r','metrics':[]} {}",
        "{'run_id':'r','run_id':'s','metrics':[]}",
        "{'run_id':'r','metrics':[],'metrics':[]}",
        "{'run_uuid':'r','metrics':[]}",
        "{'run_id':'r','metrics':null}",
        "{'run_id':'r','metrics':[null]}",
        "{'run_id':'r','metrics':[],'params':[{'key':'a','value':'1'}]}",
        "{'run_id':'r','metrics':[],'tags':[{'key':'a','value':'1'}]}",
        "{'run_id':'r','metrics':[],'more':1}",
        "{'run_id':'r','metrics':[{'key':'a','value':1,'timestamp':0,'model_id':'m'}]}",
        "{'run_id':'r','metrics':[{'key':'','value':1,'timestamp':0}]}",
        "{'run_id':'r','metrics':[{'key':'a/../b','value':1,'timestamp':0}]}",
        "{'run_id':'r','metrics':[{'key':'ü','value':1,'timestamp':0}]}",
        "{'run_id':'r','metrics':[{'key':5,'value':1,'timestamp':0}]}",
        "{'run_id':'r','metrics':[{'key':'a','timestamp':0}]}",
        "{'run_id':'r','metrics':[{'key':'a','value':'NaN','timestamp':0}]}",
        "{'run_id':'r','metrics':[{'key':'a','value':1}]}",
        "{'run_id':'r','metrics':[{'key':'a','value':1,'timestamp':-1}]}",
        "{'run_id':'r','metrics':[{'key':'a','value':1,'timestamp':1.0}]}",
        "{'run_id':'r','metrics':[{'key':'a','value':1,'timestamp':9223372036854775808}]}",
        "{'run_id':'r','metrics':[{'key':'a','value':1,'timestamp':'9223372036854775807'}]}",
        "{'run_id':'r','metrics':[{'key':'a','value':1,'timestamp':0,'step':'+1'}]}",
        "{'run_id':'r','metrics':[{'key':'a','value':1,'timestamp':0,'step':null}]}",
      })
  void leavesEveryOtherFormToTheMessage(String json) {
    assertThat(read(json)).isEmpty();
  }

  @Test
  void leavesMoreThanABatchTakes() {
    String point = "{'key':'a','value':1,'timestamp':0}";

    assertThat(read("{'run_id':'r','metrics':[" + (point + ",").repeat(999) + point + "]}"))
        .hasValueSatisfying(batch -> assertThat(batch.points()).hasSize(1000));
    assertThat(read("{'run_id':'r','metrics':[" + (point + ",").repeat(1000) + point + "]}"))
        .isEmpty();
  }
}
