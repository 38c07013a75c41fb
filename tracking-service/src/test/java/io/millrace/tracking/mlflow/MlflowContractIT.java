package io.millrace.tracking.mlflow;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.tracking.RunningTracking;
import io.millrace.tracking.RunningTracking.Answer;
import java.net.http.HttpRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The form of the calls, seen from outside. */
class MlflowContractIT {

  private final RunningTracking tracking = RunningTracking.shared();
  private final String name = "c-" + UUID.randomUUID();
  private String experiment;
  private String run;

  @BeforeEach
  void anExperimentWithARun() {
    experiment =
        call("experiments/create", "{'name':'%s'}".formatted(name))
            .body()
            .path("experiment_id")
            .asString();
    run =
        call("runs/create", "{'experiment_id':'%s','start_time':'1000'}".formatted(experiment))
            .body()
            .at("/run/info/run_id")
            .asString();
  }

  private Answer call(String path, String json) {
    return tracking.mlflow(path, json);
  }

  private Answer query(String path) {
    return tracking.get("/api/2.0/mlflow/" + path);
  }

  private String error(Answer answer) {
    return answer.status()
        + " "
        + answer.body().path("error_code").asString()
        + " "
        + answer.body().path("message").asString();
  }

  @Test
  void answersInProtoJson() {
    Answer answer = query("runs/get?run_id=" + run);

    assertThat(answer.text())
        .contains(
            "\"run_uuid\":\"" + run + "\"",
            "\"user_id\":\"\"",
            "\"start_time\":1000",
            "\"lifecycle_stage\":\"active\"",
            "\"inputs\":{}",
            "\"outputs\":{}")
        .doesNotContain("null", "end_time", "\"metrics\"");
    assertThat(query("experiments/get?experiment_id=" + experiment).text())
        .doesNotContain("\"tags\"");
    assertThat(call("runs/search", "{}").text()).isEqualTo("{}");
    assertThat(call("runs/set-tag", "{'run_id':'%s','key':'k'}".formatted(run)).text())
        .isEqualTo("{}");
    assertThat(
            tracking
                .get("/ajax-api/2.0/mlflow/experiments/get-by-name?experiment_name=" + name)
                .body()
                .at("/experiment/experiment_id")
                .asString())
        .isEqualTo(experiment);
  }

  @Test
  void holdsToTheRulesOfTransport() {
    HttpRequest.Builder plain =
        HttpRequest.newBuilder(tracking.uri("/api/2.0/mlflow/experiments/create"));
    assertThat(
            error(
                tracking.send(
                    plain.copy().POST(HttpRequest.BodyPublishers.ofString("{\"name\":\"x\"}")))))
        .isEqualTo("400 INVALID_PARAMETER_VALUE Bad Request. Content-Type header is missing.");
    assertThat(
            error(
                tracking.send(
                    plain
                        .copy()
                        .header("Content-Type", "text/plain")
                        .POST(HttpRequest.BodyPublishers.ofString("{}")))))
        .contains("Content-Type must be one of ['application/json'].");
    assertThat(error(call("experiments/create", "not json")))
        .contains("Missing value for required parameter 'name'.");
    assertThat(error(call("experiments/create", "[1]"))).startsWith("400 INVALID_PARAMETER_VALUE");
    assertThat(call("experiments/get-by-name", "{}").body().path("error_code").asString())
        .isEqualTo("ENDPOINT_NOT_FOUND");
    assertThat(error(query("no/such")))
        .isEqualTo(
            "404 ENDPOINT_NOT_FOUND GET /api/2.0/mlflow/no/such is not an endpoint of this server.");
    assertThat(
            tracking
                .send(
                    "POST",
                    "/api/2.0/mlflow/experiments/create",
                    "\"{\\\"name\\\": \\\"twice %s\\\"}\"".formatted(name))
                .status())
        .isEqualTo(200);
    assertThat(tracking.get("/health").text()).isEqualTo("OK");
    assertThat(tracking.get("/version").text()).matches("\\d+\\.\\d+\\.\\d+");
  }

  @Test
  void refusesInTheWordsOfTheContract() {
    assertThat(error(call("experiments/create", "{'name':'%s'}".formatted(name))))
        .startsWith(
            "400 RESOURCE_ALREADY_EXISTS Experiment(name=%s) already exists.".formatted(name));
    assertThat(error(query("experiments/get?experiment_id=999999999")))
        .isEqualTo("404 RESOURCE_DOES_NOT_EXIST No Experiment with id=999999999 exists");
    assertThat(error(query("experiments/get?experiment_id=abc")))
        .endsWith("Invalid experiment ID 'abc'. Experiment ID must be a valid integer.");
    assertThat(error(query("runs/get?run_id=nope")))
        .isEqualTo("404 RESOURCE_DOES_NOT_EXIST Run with id=nope not found");
    assertThat(error(query("runs/get"))).contains("Missing value for required parameter 'run_id'.");
    assertThat(error(call("experiments/search", "{}")))
        .endsWith(
            "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer");
    assertThat(error(call("runs/search", "{'experiment_ids':['0'],'page_token':'!'}")))
        .startsWith("400 INVALID_PARAMETER_VALUE Invalid page token");
    assertThat(error(call("runs/search", "{'experiment_ids':['0'],'filter':'metrics.a'}")))
        .isEqualTo("400 INVALID_PARAMETER_VALUE Invalid clause(s) in filter string: 'metrics.a'");
    assertThat(error(call("runs/update", "{'run_id':'%s','status':'FOO'}".formatted(run))))
        .startsWith("400 INVALID_PARAMETER_VALUE Invalid value \"FOO\" for parameter 'status'");
    assertThat(error(call("runs/delete-tag", "{'run_id':'%s','key':'x'}".formatted(run))))
        .isEqualTo(
            "404 RESOURCE_DOES_NOT_EXIST No tag with name: x in run with id %s".formatted(run));
    assertThat(
            error(
                call(
                    "runs/create",
                    "{'experiment_id':'0','run_name':'a','tags':[{'key':'mlflow.runName','value':'b'}]}")))
        .contains("Both 'run_name' argument and 'mlflow.runName' tag are specified");
  }

  @Test
  void refusesWhatCannotBeStored() {
    assertThat(
            error(
                call(
                    "runs/log-parameter",
                    "{'run_id':'%s','key':'p','value':'a\\u0000b'}".formatted(run))))
        .startsWith("400 INVALID_PARAMETER_VALUE A value of the request cannot be stored");
  }

  @Test
  void keepsABatchTogether() {
    String metric = "{'key':'m','value':1,'timestamp':1}";
    assertThat(
            error(
                call(
                    "runs/log-batch",
                    "{'run_id':'%s','metrics':[%s,{'key':'n','value':'foo','timestamp':1}]}"
                        .formatted(run, metric))))
        .contains("'metrics[1].value'");
    call("runs/log-parameter", "{'run_id':'%s','key':'p','value':'1'}".formatted(run));
    assertThat(
            error(
                call(
                    "runs/log-batch",
                    "{'run_id':'%s','metrics':[%s],'params':[{'key':'p','value':'9'},{'key':'q','value':'1'}]}"
                        .formatted(run, metric))))
        .isEqualTo(
            "400 INVALID_PARAMETER_VALUE Changing param values is not allowed. Params were already logged='[{'key': 'p', 'old_value': '1', 'new_value': '9'}]' for run ID='%s'."
                .formatted(run));
    assertThat(
            error(
                call(
                    "runs/log-batch",
                    "{'run_id':'%s','params':[{'key':'x','value':'1'},{'key':'x','value':'1'}]}"
                        .formatted(run))))
        .contains("Duplicate parameter keys have been submitted: ['x'].");
    String many = IntStream.range(0, 1001).mapToObj(i -> metric).collect(Collectors.joining(","));
    assertThat(error(call("runs/log-batch", "{'run_id':'%s','metrics':[%s]}".formatted(run, many))))
        .endsWith(
            "A batch logging request can contain at most 1000 metrics. Got 1001 metrics. Please split up metrics across multiple requests and try again.");
    assertThat(
            error(
                call(
                    "runs/log-batch",
                    "{'run_id':'%s','metrics':[{'key':'a//b','value':1,'timestamp':1}]}"
                        .formatted(run))))
        .contains("'metrics[0].name'");
    assertThat(query("runs/get?run_id=" + run).text()).doesNotContain("\"metrics\"", "\"q\"");
    assertThat(call("runs/log-batch", "{'run_id':'%s'}".formatted(run)).text()).isEqualTo("{}");
  }

  @Test
  void refusesToChangeWhatIsDeleted() {
    call("runs/delete", "{'run_id':'%s'}".formatted(run));
    for (String path : new String[] {"set-tag", "log-parameter", "update"}) {
      assertThat(
              error(call("runs/" + path, "{'run_id':'%s','key':'k','value':'v'}".formatted(run))))
          .endsWith(
              "The run %s must be in the 'active' state. Current state is deleted.".formatted(run));
    }
    call("runs/restore", "{'run_id':'%s'}".formatted(run));
    call("experiments/delete", "{'experiment_id':'%s'}".formatted(experiment));
    assertThat(error(call("runs/create", "{'experiment_id':'%s'}".formatted(experiment))))
        .endsWith(
            "The experiment %s must be in the 'active' state. Current state is deleted."
                .formatted(experiment));
    assertThat(query("runs/get?run_id=" + run).body().at("/run/info/lifecycle_stage").asString())
        .isEqualTo("deleted");
    call("experiments/restore", "{'experiment_id':'%s'}".formatted(experiment));
    assertThat(
            call(
                    "runs/log-metric",
                    "{'run_id':'%s','key':'m','value':'NaN','timestamp':1}".formatted(run))
                .status())
        .isEqualTo(200);
  }

  @Test
  void pagesThroughRunsAndHistories() {
    for (int i = 1; i <= 4; i++) {
      call(
          "runs/create",
          "{'experiment_id':'%s','start_time':%d}".formatted(experiment, 1000 + i / 2));
      call(
          "runs/log-metric",
          "{'run_id':'%s','key':'m','value':%d,'timestamp':5,'step':%d}".formatted(run, i, i));
    }
    assertThat(pages("asc")).isEqualTo("1000 1000 1001 1001 1002 ");
    assertThat(pages("desc")).isEqualTo("1002 1001 1001 1000 1000 ");
    String first = "metrics/get-history?run_id=" + run + "&metric_key=m&max_results=3";
    JsonNode page = query(first).body();
    assertThat(page.path("metrics")).hasSize(3);
    JsonNode rest = query(first + "&page_token=" + page.path("next_page_token").asString()).body();
    assertThat(rest.path("metrics")).hasSize(1);
    assertThat(rest.path("next_page_token").isMissingNode()).isTrue();
    assertThat(rest.at("/metrics/0/step").asInt()).isEqualTo(4);
    assertThat(query("metrics/get-history?run_id=none&metric_key=m").text()).isEqualTo("{}");
  }

  private String pages(String direction) {
    StringBuilder times = new StringBuilder();
    String token = "";
    do {
      JsonNode page =
          call(
                  "runs/search",
                  "{'experiment_ids':['%s'],'max_results':2,'order_by':['attributes.start_time %s'],'page_token':'%s'}"
                      .formatted(experiment, direction, token))
              .body();
      page.path("runs")
          .forEach(found -> times.append(found.at("/info/start_time").asInt()).append(' '));
      token = page.path("next_page_token").asString("");
    } while (!token.isEmpty());
    return times.toString();
  }

  @Test
  void logsASingleMetricCheaply() {
    List<Long> micros = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      long start = System.nanoTime();
      call(
          "runs/log-metric",
          "{'run_id':'%s','key':'m','value':%d,'timestamp':5,'step':%d}".formatted(run, i, i));
      micros.add((System.nanoTime() - start) / 1000);
    }
    micros.sort(null);
    assertThat(micros.get(150)).as("microseconds of each: %s", micros).isLessThan(50_000);
  }

  @Test
  void keepsInputsOnce() {
    String body =
        "{'run_id':'%s','datasets':[{'tags':[{'key':'mlflow.data.context','value':'train'}],'dataset':{'name':'d','digest':'x1','source_type':'http','source':'{}'}}]}"
            .formatted(run);
    call("runs/log-inputs", body);
    call("runs/log-inputs", body);

    JsonNode inputs = query("runs/get?run_id=" + run).body().at("/run/inputs/dataset_inputs");
    assertThat(inputs).hasSize(1);
    assertThat(inputs.at("/0/tags/0/value").asString()).isEqualTo("train");
    assertThat(inputs.at("/0/dataset").has("schema")).isFalse();
  }

  @Test
  void registersModels() {
    assertThat(
            call("registered-models/create", "{'name':'%s','description':'d'}".formatted(name))
                .body()
                .at("/registered_model/description")
                .asString())
        .isEqualTo("d");
    assertThat(error(call("registered-models/create", "{'name':'%s'}".formatted(name))))
        .isEqualTo(
            "400 RESOURCE_ALREADY_EXISTS Registered Model (name=%s) already exists."
                .formatted(name));
    assertThat(error(call("registered-models/create", "{'name':'a/b'}")))
        .endsWith("Invalid model name 'a/b'. Names cannot contain '/' or ':'.");
    String create =
        "{'name':'%s','source':'runs:/%s/model','run_id':'%s','tags':[{'key':'k','value':'v'}]}"
            .formatted(name, run, run);
    JsonNode version = call("model-versions/create", create).body().path("model_version");
    assertThat(version.path("version").asString()).isEqualTo("1");
    assertThat(version.path("current_stage").asString()).isEqualTo("None");
    assertThat(version.path("run_link").asString()).isEmpty();
    assertThat(version.at("/tags/0/value").asString()).isEqualTo("v");
    assertThat(call("model-versions/create", create).body().at("/model_version/version").asString())
        .isEqualTo("2");
    assertThat(error(call("model-versions/create", create.replace(name, "none"))))
        .startsWith("404 RESOURCE_DOES_NOT_EXIST Registered Model with name=none not found");
    JsonNode latest =
        query("registered-models/get-latest-versions?name=" + name).body().path("model_versions");
    assertThat(latest).hasSize(1);
    assertThat(latest.at("/0/version").asString()).isEqualTo("2");
    assertThat(
            query("registered-models/get?name=" + name)
                .body()
                .at("/registered_model/latest_versions/0/version")
                .asString())
        .isEqualTo("2");
    assertThat(
            tracking
                .send(
                    "PATCH",
                    "/api/2.0/mlflow/model-versions/update",
                    "{'name':'%s','version':'1','description':'better'}".formatted(name))
                .body()
                .at("/model_version/description")
                .asString())
        .isEqualTo("better");
    assertThat(
            query("model-versions/search?max_results=1&filter=name%3D%27" + name + "%27")
                .body()
                .path("next_page_token")
                .isMissingNode())
        .isFalse();
    assertThat(
            query("model-versions/search?filter=run_id+%3D+%27" + run + "%27")
                .body()
                .path("model_versions"))
        .hasSize(2);
    assertThat(error(query("model-versions/get?name=" + name + "&version=9")))
        .isEqualTo(
            "404 RESOURCE_DOES_NOT_EXIST Model Version (name=%s, version=9) not found"
                .formatted(name));
    assertThat(query("registered-models/search?max_results=1").body().path("registered_models"))
        .hasSize(1);
  }

  @Test
  void appliesPipelinesInVersions() {
    String yaml = RunningTracking.definition(name);
    assertThat(applied(yaml)).isEqualTo("201 1 true");
    assertThat(applied(yaml)).isEqualTo("200 1 false");
    assertThat(applied(yaml.replace("trees: 300", "trees: 3"))).isEqualTo("201 2 true");
    assertThat(applied(yaml)).isEqualTo("201 3 true");
    JsonNode second = tracking.get("/api/v1/pipelines/" + name + "?version=2").body();
    assertThat(second.at("/resolved/train/params/trees").asString()).isEqualTo("3");
    assertThat(second.path("definition").asString()).contains("trees: 3");
    assertThat(tracking.get("/api/v1/pipelines/" + name + "x").body().path("detail").asString())
        .contains("did you mean '" + name + "'?");
    Answer bad = tracking.post("/api/v1/pipelines", "{'definition':'name: x\\nnme: y'}");
    assertThat(bad.status()).isEqualTo(422);
    assertThat(bad.body().path("code").asString()).isEqualTo("invalid-pipeline");
    assertThat(bad.body().path("reasons").toString()).contains("unknown-key", "nme");
    assertThat(tracking.get("/api/v1/pipelines?limit=1000").text()).contains(name);
  }

  private String applied(String yaml) {
    Answer answer =
        tracking.send(
            HttpRequest.newBuilder(tracking.uri("/api/v1/pipelines"))
                .header("Content-Type", "text/yaml")
                .POST(HttpRequest.BodyPublishers.ofString(yaml)));
    return answer.status()
        + " "
        + answer.body().path("version").asInt()
        + " "
        + answer.body().path("created").asBoolean();
  }
}
