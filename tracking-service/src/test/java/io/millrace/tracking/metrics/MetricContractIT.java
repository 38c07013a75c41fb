package io.millrace.tracking.metrics;

import static io.millrace.tracking.Mlflow.error;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.tracking.Mlflow;
import io.millrace.tracking.RunningTracking;
import io.millrace.tracking.RunningTracking.Answer;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** MLflow's calls that log metrics and read them back, seen from outside. */
class MetricContractIT {

  private final Mlflow mlflow = new Mlflow();
  private String run;

  @BeforeEach
  void aRun() {
    run = mlflow.run(mlflow.experiment());
  }

  private Answer call(String call, String fields) {
    return mlflow.post("runs/" + call, "{'run_id':'%s'%s}".formatted(run, fields));
  }

  private Answer history(String more) {
    return mlflow.get("metrics/get-history?run_id=%s&metric_key=m%s".formatted(run, more));
  }

  private String latest() {
    return mlflow.readRun(run).at("/data/metrics").toString();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "1                | 1.0",
        "-0.5             | -0.5",
        "'2.5'            | 2.5",
        "'1e-3'           | 0.001",
        "'NaN'            | \"\"\"NaN\"\"\"",
        "NaN              | \"\"\"NaN\"\"\"",
        "'Infinity'       | 1.7976931348623157e+308",
        "'-Infinity'      | -1.7976931348623157e+308",
        "1e400            | 1.7976931348623157e+308",
        "9007199254740993 | 9.007199254740992e+15"
      })
  void takesAValueInEveryForm(String given, String answered) {
    assertThat(call("log-metric", ",'key':'m','value':%s,'timestamp':'5'".formatted(given)).text())
        .isEqualTo("{}");
    String point = "{\"key\":\"m\",\"value\":%s,\"timestamp\":5,\"step\":0}".formatted(answered);
    assertThat(mlflow.get("runs/get?run_id=" + run).text()).contains("\"metrics\":[" + point + "]");
    assertThat(history("").text()).isEqualTo("{\"metrics\":[" + point + "]}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "'value':'foo','timestamp':1   | Invalid value \"\"foo\"\" for parameter 'value' supplied:  Hint: Value was of type 'str'.",
        "'value':'1f','timestamp':1    | Invalid value \"\"1f\"\" for parameter 'value'",
        "'value':true,'timestamp':1    | Invalid value true for parameter 'value' supplied:  Hint: Value was of type 'bool'.",
        "'value':[1],'timestamp':1     | Invalid value [1] for parameter 'value' supplied:  Hint: Value was of type 'list'.",
        "'value':{},'timestamp':1      | Invalid value {} for parameter 'value' supplied:  Hint: Value was of type 'dict'.",
        "'value':null,'timestamp':1    | Missing value for required parameter 'value'.",
        "'timestamp':1                 | Missing value for required parameter 'value'.",
        "'value':1                     | Missing value for required parameter 'timestamp'.",
        "'value':1,'timestamp':-1      | Invalid value -1 for parameter 'timestamp'",
        "'value':1,'timestamp':1.5     | Invalid value 1.5 for parameter 'timestamp' supplied:  Hint: Value was of type 'float'.",
        "'value':1,'timestamp':NaN     | for parameter 'timestamp' supplied",
        "'value':1,'timestamp':1,'step':'x'                  | Invalid value \"\"x\"\" for parameter 'step'",
        "'value':1,'timestamp':1,'step':9223372036854775808  | for parameter 'step' supplied"
      })
  void refusesWhatIsNoPoint(String fields, String message) {
    assertThat(error(call("log-metric", ",'key':'m'," + fields)))
        .startsWith("400 INVALID_PARAMETER_VALUE ")
        .contains(message.replace("\"\"", "\""));
    assertThat(error(call("log-batch", ",'metrics':[{'key':'m',%s}]".formatted(fields))))
        .startsWith("400 INVALID_PARAMETER_VALUE ")
        .contains("'metrics[0].");
    assertThat(latest()).isEmpty();
  }

  /** Points are value@timestamp/step; the latest is the greatest by step, then time, then value. */
  @ParameterizedTest
  @CsvSource({
    "1@1/1 2@1/0, 1.0",
    "1@1/1 2@0/1, 1.0",
    "1@1/1 2@1/1, 2.0",
    "2@1/1 1@1/1, 2.0",
    "1@1/1 NaN@1/1, NaN",
    "NaN@1/1 1@1/1, NaN",
    "NaN@1/1 1@2/1, 1.0",
    "1@9/-1 2@1/0, 2.0",
  })
  void keepsTheGreatestAsTheLatest(String points, String value) {
    for (String point : points.split(" ")) {
      String[] parts = point.split("[@/]");
      call(
          "log-metric",
          ",'key':'m','value':'%s','timestamp':%s,'step':%s"
              .formatted(parts[0], parts[1], parts[2]));
    }
    assertThat(mlflow.readRun(run).at("/data/metrics/0/value").asString()).isEqualTo(value);
    run = mlflow.run(mlflow.experiment());
    call(
        "log-batch",
        ",'metrics':[%s]"
            .formatted(
                java.util.Arrays.stream(points.split(" "))
                    .map(point -> point.split("[@/]"))
                    .map(
                        parts ->
                            "{'key':'m','value':'%s','timestamp':%s,'step':%s}"
                                .formatted(parts[0], parts[1], parts[2]))
                    .collect(Collectors.joining(","))));
    assertThat(mlflow.readRun(run).at("/data/metrics/0/value").asString()).isEqualTo(value);
  }

  @Test
  void takesEachPointOnce() {
    for (int i = 0; i < 3; i++) {
      assertThat(call("log-metric", ",'key':'m','value':1,'timestamp':5,'step':2").status())
          .isEqualTo(200);
      assertThat(
              call(
                      "log-batch",
                      ",'metrics':[{'key':'m','value':'NaN','timestamp':5},{'key':'m','value':'NaN','timestamp':5}]")
                  .status())
          .isEqualTo(200);
    }
    assertThat(history("").body().path("metrics")).hasSize(2);
    assertThat(
            mlflow
                .post(
                    "runs/log-metric",
                    "{'run_uuid':'%s','key':'m','value':3,'timestamp':1}".formatted(run))
                .text())
        .isEqualTo("{}");
  }

  @Test
  void ordersAHistoryByTimeStepAndValue() {
    call(
        "log-batch",
        ",'metrics':[%s]"
            .formatted(
                java.util.stream.Stream.of("3@2/0", "NaN@1/1", "2@1/1", "1@1/2", "5@1/0")
                    .map(point -> point.split("[@/]"))
                    .map(
                        parts ->
                            "{'key':'m','value':'%s','timestamp':%s,'step':%s}"
                                .formatted(parts[0], parts[1], parts[2]))
                    .collect(Collectors.joining(","))));
    assertThat(values(history("").body())).containsExactly("5.0", "2.0", "NaN", "1.0", "3.0");
    List<String> paged = new ArrayList<>();
    String token = "";
    do {
      JsonNode page = history("&max_results=2&page_token=" + token).body();
      paged.addAll(values(page));
      token = page.path("next_page_token").asString("");
    } while (!token.isEmpty());
    assertThat(paged).containsExactly("5.0", "2.0", "NaN", "1.0", "3.0");
    assertThat(history("&max_results=5").body().has("next_page_token")).isFalse();
    assertThat(history("&max_results=6").body().has("next_page_token")).isFalse();
  }

  private static List<String> values(JsonNode answer) {
    List<String> values = new ArrayList<>();
    answer.path("metrics").forEach(point -> values.add(point.path("value").asString()));
    return values;
  }

  @ParameterizedTest
  @CsvSource({
    "&max_results=0, Invalid value \"0\" for parameter 'max_results' supplied:  Hint: Value was of type 'str'.",
    "&max_results=-1, Invalid value \"-1\" for parameter 'max_results'",
    "&max_results=x, Invalid value \"x\" for parameter 'max_results'",
    "&max_results=2&page_token=abc, Invalid page token"
  })
  void refusesPagesThatCannotBe(String query, String message) {
    assertThat(error(history(query))).startsWith("400 INVALID_PARAMETER_VALUE ").contains(message);
  }

  @Test
  void answersNothingForWhatItDoesNotKnow() {
    assertThat(history("").text()).isEqualTo("{}");
    assertThat(history("&max_results=5").text()).isEqualTo("{}");
    assertThat(mlflow.get("metrics/get-history?run_uuid=none&metric_key=m").text()).isEqualTo("{}");
    assertThat(error(mlflow.get("metrics/get-history?metric_key=m")))
        .contains("Missing value for required parameter 'run_id'.");
    assertThat(error(mlflow.get("metrics/get-history?run_id=" + run)))
        .contains("Missing value for required parameter 'metric_key'.");
  }

  private void logSteps(String id, int from, int to) {
    for (int start = from; start < to; start += 1000) {
      String batch =
          IntStream.range(start, Math.min(to, start + 1000))
              .mapToObj(
                  step ->
                      "{'key':'m','value':%d,'timestamp':%d,'step':%d}"
                          .formatted(step, 10 + step, step))
              .collect(Collectors.joining(","));
      assertThat(
              mlflow
                  .post("runs/log-batch", "{'run_id':'%s','metrics':[%s]}".formatted(id, batch))
                  .status())
          .isEqualTo(200);
    }
  }

  @Test
  void answersALongHistoryWhole() {
    logSteps(run, 0, 30_500);
    JsonNode all = history("").body();
    assertThat(all.path("metrics")).hasSize(30_500);
    assertThat(all.has("next_page_token")).isFalse();
    for (int step : new int[] {0, 999, 1000, 1001, 24_999, 30_499}) {
      assertThat(all.path("metrics").get(step).path("step").asInt()).isEqualTo(step);
    }
    JsonNode page = history("&max_results=50000").body();
    assertThat(page.path("metrics")).hasSize(25_000);
    assertThat(
            history("&page_token=" + page.path("next_page_token").asString())
                .body()
                .path("metrics"))
        .hasSize(5_500);
  }

  @Test
  void answersEveryNumberAsItWasLogged() {
    Random random = new Random(5);
    List<Double> logged =
        new ArrayList<>(
            List.of(0.0, -0.0, 1.0, -1.0, 0.1, 1e-4, 1e-5, -1e-300, 1e15, -1e21, Double.NaN));
    logged.addAll(List.of(Double.MIN_VALUE, Double.MAX_VALUE, -Double.MAX_VALUE, 0x1p53, 1e14));
    while (logged.size() < 1000) {
      double value = Double.longBitsToDouble(random.nextLong());
      logged.add(Double.isFinite(value) ? value : random.nextInt() / 1000.0);
    }
    String key = "Größe der / Schritte: 1.0";
    String points =
        IntStream.range(0, logged.size())
            .mapToObj(
                i ->
                    "{'key':'%s','value':'%s','timestamp':%d,'step':%d}"
                        .formatted(key, logged.get(i), Long.MAX_VALUE - 1000 + i, Long.MIN_VALUE))
            .collect(Collectors.joining(","));
    assertThat(call("log-batch", ",'metrics':[" + points + "]").status()).isEqualTo(200);
    String asked = URLEncoder.encode(key, StandardCharsets.UTF_8);

    Answer page = mlflow.get("metrics/get-history?run_id=%s&metric_key=%s".formatted(run, asked));
    Answer bulk = bulk("metric_key=%s&run_id=%s".formatted(asked, run));

    for (Answer answer : List.of(page, bulk)) {
      assertThat(values(answer.body()).stream().map(Double::valueOf)).isEqualTo(logged);
      JsonNode last = answer.body().at("/metrics/999");
      assertThat(last.path("key").stringValue()).isEqualTo(key);
      assertThat(last.path("timestamp").longValue()).isEqualTo(Long.MAX_VALUE - 1);
      assertThat(last.path("step").longValue()).isEqualTo(Long.MIN_VALUE);
      assertThat(answer.text()).doesNotContainPattern("\"value\":-?\\d+,");
    }
  }

  private Answer bulk(String query) {
    return RunningTracking.shared().get("/ajax-api/2.0/mlflow/metrics/get-history-bulk?" + query);
  }

  @Test
  void answersHistoriesOfManyRuns() {
    String other = mlflow.run("0");
    logSteps(run, 0, 3);
    logSteps(other, 1, 3);
    call("log-metric", ",'key':'m','value':'NaN','timestamp':99,'step':9");
    String query = "metric_key=m&run_id=%s&run_id=%s".formatted(run, other);

    JsonNode points = bulk(query).body().path("metrics");
    assertThat(points).hasSize(6);
    List<String> ids = new ArrayList<>();
    points.forEach(point -> ids.add(point.path("run_id").asString()));
    assertThat(ids).isSorted();
    assertThat(bulk(query).text())
        .contains(
            "{\"key\":\"m\",\"value\":\"NaN\",\"timestamp\":99,\"step\":9,\"run_id\":\"%s\"}"
                .formatted(run));
    assertThat(bulk(query + "&max_results=2").body().path("metrics")).hasSize(2);
    assertThat(bulk("metric_key=m&run_id=none").text()).isEqualTo("{}");
  }

  @Test
  void refusesBulkHistoriesThatCannotBe() {
    assertThat(error(bulk("metric_key=m")))
        .isEqualTo(
            "400 INVALID_PARAMETER_VALUE GetMetricHistoryBulk request must specify at least one run_id.");
    assertThat(error(bulk("run_id=r")))
        .isEqualTo(
            "400 INVALID_PARAMETER_VALUE GetMetricHistoryBulk request must specify a metric_key.");
    assertThat(error(bulk("metric_key=m&run_id=r&max_results=25001")))
        .contains("Invalid value \"25001\" for parameter 'max_results'");
    String hundred = "&run_id=r".repeat(100);
    assertThat(bulk("metric_key=m" + hundred).status()).isEqualTo(200);
    assertThat(error(bulk("metric_key=m" + hundred + "&run_id=r")))
        .startsWith("400 INVALID_PARAMETER_VALUE ");
  }

  private Answer interval(String query) {
    return mlflow.get("metrics/get-history-bulk-interval?metric_key=m" + query);
  }

  private static List<Integer> steps(Answer answer, String id) {
    List<Integer> steps = new ArrayList<>();
    answer
        .body()
        .path("metrics")
        .forEach(
            point -> {
              if (point.path("run_id").asString().equals(id)) {
                steps.add(point.path("step").asInt());
              }
            });
    return steps;
  }

  @ParameterizedTest
  @CsvSource({
    "100, 10, 0 10 20 30 40 50 60 70 80 90 99",
    "10, 3, 0 3 6 9",
    "7, 5, 0 1 2 4 5 6",
    "4, 4, 0 1 2 3",
    "3, 10, 0 1 2",
    "5, 1, 0 4"
  })
  void thinsStepsEvenly(int points, int most, String expected) {
    logSteps(run, 0, points);
    assertThat(
            steps(interval("&run_ids=" + run + "&max_results=" + most), run).stream()
                .map(String::valueOf)
                .collect(Collectors.joining(" ")))
        .isEqualTo(expected);
  }

  @Test
  void keepsEachRunsEndsInAnInterval() {
    String other = mlflow.run("0");
    logSteps(run, 0, 50);
    logSteps(other, 13, 38);
    Answer answer =
        interval(
            "&run_ids=%s&run_ids=%s&max_results=2&start_step=10&end_step=40".formatted(other, run));
    assertThat(steps(answer, run)).containsExactly(10, 13, 25, 37, 40);
    assertThat(steps(answer, other)).containsExactly(13, 25, 37);
    assertThat(answer.body().at("/metrics/0/run_id").asString()).isEqualTo(other);
    assertThat(interval("&run_ids=none").text()).isEqualTo("{}");
    assertThat(
            RunningTracking.shared()
                .get(
                    "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?metric_key=m&run_ids="
                        + run)
                .body()
                .path("metrics"))
        .hasSize(50);
  }

  @ParameterizedTest
  @CsvSource({
    "'', Missing value for required parameter 'run_ids'.",
    "&run_ids=r&start_step=1, start_step and end_step go together",
    "&run_ids=r&start_step=2&end_step=1, end_step must not be less than start_step",
    "&run_ids=r&max_results=0, for parameter 'max_results'",
    "&run_ids=r&max_results=2501, for parameter 'max_results'",
    "&run_ids=r&start_step=a&end_step=1, for parameter 'start_step'"
  })
  void refusesIntervalsThatCannotBe(String query, String message) {
    assertThat(error(interval(query))).startsWith("400 INVALID_PARAMETER_VALUE ").contains(message);
  }

  @ParameterizedTest
  @CsvSource({
    "metrics, 1000, 200",
    "metrics, 1001, 400",
    "params, 100, 200",
    "params, 101, 400",
    "tags, 100, 200",
    "tags, 101, 400"
  })
  void limitsABatch(String kind, int size, int status) {
    String item =
        kind.equals("metrics") ? "{'key':'k%d','value':1,'timestamp':1}" : "{'key':'k%d'}";
    String items =
        IntStream.range(0, size)
            .mapToObj(i -> String.format(Locale.ROOT, item, i))
            .collect(Collectors.joining(","));
    assertThat(error(call("log-batch", ",'%s':[%s]".formatted(kind, items))))
        .startsWith(
            status == 200
                ? "200"
                : "400 INVALID_PARAMETER_VALUE A batch logging request can contain at most %d %s. Got %d %s."
                    .formatted(size - 1, kind, size, kind));
  }

  @Test
  void limitsABatchTogether() {
    String metrics =
        IntStream.range(0, 1000)
            .mapToObj(i -> "{'key':'k%d','value':1,'timestamp':1}".formatted(i))
            .collect(Collectors.joining(","));
    assertThat(
            error(
                call(
                    "log-batch",
                    ",'metrics':[%s],'params':[{'key':'p','value':'1'}]".formatted(metrics))))
        .startsWith(
            "400 INVALID_PARAMETER_VALUE A batch logging request can contain at most 1000 metrics, params, and tags. Got 1001 metrics, params, and tags.");
    assertThat(latest()).isEmpty();
  }

  @Test
  void logsASingleMetricCheaply() {
    List<Long> micros = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      long start = System.nanoTime();
      call("log-metric", ",'key':'m','value':%d,'timestamp':5,'step':%d".formatted(i, i));
      micros.add((System.nanoTime() - start) / 1000);
    }
    micros.sort(null);
    assertThat(micros.get(150)).as("microseconds of each: %s", micros).isLessThan(50_000);
  }

  @Test
  void storesABatchWholeOrNotAtAll() {
    call("log-parameter", ",'key':'p','value':'1'");
    JsonNode before = mlflow.readRun(run);
    for (String broken :
        List.of(
            "'metrics':[{'key':'m','value':1,'timestamp':1},{'key':'a$','value':1,'timestamp':1}]",
            "'metrics':[{'key':'m','value':1,'timestamp':1}],'params':[{'key':'p','value':'2'}]",
            "'metrics':[{'key':'m','value':1,'timestamp':1}],'params':[{'key':'x'},{'key':'x'}]",
            "'tags':[{'key':'t','value':'1'},{'value':'2'}]",
            "'params':[{'key':'q','value':'1'}],'tags':[{'key':'t','value':7}]",
            "'params':[{'key':'q','value':'1'}],'metrics':'none'",
            "'params':[{'key':'q','value':'1'},7]")) {
      assertThat(error(call("log-batch", "," + broken)))
          .as(broken)
          .startsWith("400 INVALID_PARAMETER_VALUE");
    }
    assertThat(mlflow.readRun(run)).isEqualTo(before);
    assertThat(
            call(
                    "log-batch",
                    ",'metrics':[],'params':[{'key':'p','value':'1'}],'tags':[{'key':'t','value':'1'},{'key':'t','value':'2'}]")
                .text())
        .isEqualTo("{}");
    assertThat(mlflow.readRun(run).at("/data/tags").toString())
        .contains("{\"key\":\"t\",\"value\":\"2\"}");
  }
}
