package io.millrace.tracking.runs;

import static io.millrace.tracking.Mlflow.error;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.tracking.Mlflow;
import io.millrace.tracking.RunningTracking;
import io.millrace.tracking.RunningTracking.Answer;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** MLflow's calls about runs, their parameters, tags, inputs and outputs, seen from outside. */
class RunContractIT {

  private final Mlflow mlflow = new Mlflow();
  private String experiment;
  private String run;

  @BeforeEach
  void aRun() {
    experiment = mlflow.experiment();
    run = mlflow.run(experiment);
  }

  private Answer call(String call, String fields) {
    return mlflow.post("runs/" + call, "{'run_id':'%s'%s}".formatted(run, fields));
  }

  private String tag(String key) {
    for (JsonNode tag : mlflow.readRun(run).at("/data/tags")) {
      if (tag.path("key").asString().equals(key)) {
        return tag.path("value").asString();
      }
    }
    return "absent";
  }

  private String param(String key) {
    for (JsonNode param : mlflow.readRun(run).at("/data/params")) {
      if (param.path("key").asString().equals(key)) {
        return param.path("value").asString();
      }
    }
    return "absent";
  }

  @Test
  void createsWithEverythingGiven() {
    Answer created =
        mlflow.post(
            "runs/create",
            "{'experiment_id':'%s','user_id':'ann','run_name':'first','start_time':'1234','tags':[{'key':'b','value':'1'},{'key':'a','value':'2'},{'key':'b','value':'3'}]}"
                .formatted(experiment));
    String id = created.body().at("/run/info/run_id").asString();

    assertThat(id).matches("[0-9a-f]{32}");
    assertThat(created.text())
        .isEqualTo(
            "{\"run\":{\"info\":{\"run_id\":\"%1$s\",\"run_uuid\":\"%1$s\",\"run_name\":\"first\",\"experiment_id\":\"%2$s\",\"user_id\":\"ann\",\"status\":\"RUNNING\",\"start_time\":1234,\"artifact_uri\":\"mlflow-artifacts:/%2$s/%1$s/artifacts\",\"lifecycle_stage\":\"active\"},\"data\":{\"tags\":[{\"key\":\"a\",\"value\":\"2\"},{\"key\":\"b\",\"value\":\"3\"},{\"key\":\"mlflow.runName\",\"value\":\"first\"}]},\"inputs\":{}}}"
                .formatted(id, experiment));
    assertThat(mlflow.get("runs/get?run_id=" + id).text())
        .isEqualTo(created.text().replace("\"inputs\":{}", "\"inputs\":{},\"outputs\":{}"));
    assertThat(mlflow.get("runs/get?run_uuid=" + id).status()).isEqualTo(200);
  }

  @Test
  void putsARunWithoutAnExperimentIntoTheDefaultOne() {
    JsonNode info = mlflow.post("runs/create", "{}").body().at("/run/info");
    assertThat(info.path("experiment_id").asString()).isEqualTo("0");
    assertThat(info.path("start_time").asLong()).isZero();
    assertThat(info.path("user_id").asString()).isEmpty();
    assertThat(info.path("run_name").asString()).matches("[a-z]+-[a-z]+-[0-9]+");
    assertThat(error(mlflow.post("runs/create", "{'experiment_id':'99999999'}")))
        .isEqualTo("404 RESOURCE_DOES_NOT_EXIST No Experiment with id=99999999 exists");
    assertThat(error(mlflow.post("runs/create", "{'experiment_id':'x'}")))
        .isEqualTo(
            "400 INVALID_PARAMETER_VALUE Invalid experiment ID 'x'. Experiment ID must be a valid integer.");
  }

  @ParameterizedTest
  @CsvSource({"a, a, a", "a,, a", ", a, a", "a, b, -", "é 漢, é 漢, é 漢"})
  void takesItsNameFromFieldOrTag(String field, String tag, String name) {
    String body =
        "{'experiment_id':'%s'%s%s}"
            .formatted(
                experiment,
                field == null ? "" : ",'run_name':'" + field + "'",
                tag == null ? "" : ",'tags':[{'key':'mlflow.runName','value':'" + tag + "'}]");
    Answer answer = mlflow.post("runs/create", body);
    if (name.equals("-")) {
      assertThat(error(answer))
          .isEqualTo(
              "400 INVALID_PARAMETER_VALUE Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='a', mlflow.runName='b').");
    } else {
      run = answer.body().at("/run/info/run_id").asString();
      assertThat(mlflow.readRun(run).at("/info/run_name").asString()).isEqualTo(name);
      assertThat(tag("mlflow.runName")).isEqualTo(name);
    }
  }

  @Test
  void renamesByFieldAndByTag() {
    call("update", ",'run_name':'second'");
    assertThat(tag("mlflow.runName")).isEqualTo("second");
    call("update", ",'run_name':''");
    assertThat(mlflow.readRun(run).at("/info/run_name").asString()).isEqualTo("second");
    call("set-tag", ",'key':'mlflow.runName','value':'third'");
    assertThat(mlflow.readRun(run).at("/info/run_name").asString()).isEqualTo("third");
    call("log-batch", ",'tags':[{'key':'mlflow.runName','value':'fourth'}]");
    assertThat(mlflow.readRun(run).at("/info/run_name").asString()).isEqualTo("fourth");
  }

  @Test
  void updatesWhatIsGiven() {
    Answer answer = call("update", ",'status':'FINISHED','end_time':2000");
    assertThat(answer.body().at("/run_info/status").asString()).isEqualTo("FINISHED");
    assertThat(answer.body().at("/run_info/end_time").asLong()).isEqualTo(2000);
    assertThat(answer.body().at("/run_info/start_time").asLong()).isEqualTo(1000);
    assertThat(call("update", "").body()).isEqualTo(answer.body());
    assertThat(call("update", ",'status':1").body().at("/run_info/status").asString())
        .isEqualTo("RUNNING");
    assertThat(call("update", ",'end_time':0").body().at("/run_info").has("end_time")).isFalse();
    assertThat(
            mlflow
                .post("runs/update", "{'run_uuid':'%s','status':'KILLED'}".formatted(run))
                .body()
                .at("/run_info/status")
                .asString())
        .isEqualTo("KILLED");
  }

  @Test
  void deletesAndRestoresAsOftenAsAsked() {
    for (String stage : List.of("deleted", "active")) {
      String verb = stage.equals("deleted") ? "delete" : "restore";
      for (int i = 0; i < 2; i++) {
        assertThat(call(verb, "").text()).isEqualTo("{}");
        assertThat(mlflow.readRun(run).at("/info/lifecycle_stage").asString()).isEqualTo(stage);
      }
      assertThat(error(mlflow.post("runs/" + verb, "{'run_id':'none'}")))
          .isEqualTo("404 RESOURCE_DOES_NOT_EXIST Run with id=none not found");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "update        | ,'status':'FAILED'",
        "set-tag       | ,'key':'k','value':'v'",
        "delete-tag    | ,'key':'mlflow.runName'",
        "log-parameter | ,'key':'k','value':'v'",
        "log-metric    | ,'key':'k','value':1,'timestamp':1",
        "log-batch     | ,'params':[{'key':'k','value':'v'}]",
        "log-inputs    | ,'models':[{'model_id':'m-1'}]",
        "outputs       | ,'models':[{'model_id':'m-1','step':0}]",
        "log-model     | ,'model_json':'{\\'artifact_path\\':\\'m\\',\\'flavors\\':{},\\'utc_time_created\\':\\'t\\',\\'run_id\\':\\'r\\'}'"
      })
  void refusesToChangeARunThatIsDeletedOrUnknown(String call, String fields) {
    call("delete", "");
    JsonNode before = mlflow.readRun(run);
    assertThat(error(call(call, fields)))
        .isEqualTo(
            "400 INVALID_PARAMETER_VALUE The run %s must be in the 'active' state. Current state is deleted."
                .formatted(run));
    assertThat(mlflow.readRun(run)).isEqualTo(before);
    assertThat(error(mlflow.post("runs/" + call, "{'run_id':'none'%s}".formatted(fields))))
        .isEqualTo("404 RESOURCE_DOES_NOT_EXIST Run with id=none not found");
    assertThat(error(mlflow.post("runs/" + call, "{'x':''%s}".formatted(fields))))
        .startsWith("400 INVALID_PARAMETER_VALUE Missing value for required parameter 'run_id'.");
  }

  @Test
  void keepsAParameterAsItWasFirstGiven() {
    assertThat(call("log-parameter", ",'key':'p','value':'1'").text()).isEqualTo("{}");
    assertThat(call("log-parameter", ",'key':'p','value':'1'").text()).isEqualTo("{}");
    assertThat(error(call("log-parameter", ",'key':'p','value':'2'")))
        .isEqualTo(
            "400 INVALID_PARAMETER_VALUE Changing param values is not allowed. Param with key='p' was already logged with value='1' for run ID='%s'. Attempted logging new value '2'."
                .formatted(run));
    assertThat(call("log-parameter", ",'key':'empty'").text()).isEqualTo("{}");
    assertThat(param("p")).isEqualTo("1");
    assertThat(param("empty")).isEmpty();
    assertThat(
            mlflow
                .post(
                    "runs/log-parameter",
                    "{'run_uuid':'%s','key':'old','value':'x'}".formatted(run))
                .text())
        .isEqualTo("{}");
  }

  @Test
  void setsAndDeletesTags() {
    call("set-tag", ",'key':'k','value':'1'");
    call("set-tag", ",'key':'k','value':'2'");
    call("set-tag", ",'key':'emoji','value':'\uD83D\uDC4D e\u0301'");
    assertThat(tag("k")).isEqualTo("2");
    assertThat(tag("emoji")).isEqualTo("\uD83D\uDC4D e\u0301");
    assertThat(call("delete-tag", ",'key':'k'").text()).isEqualTo("{}");
    assertThat(tag("k")).isEqualTo("absent");
    assertThat(error(call("delete-tag", ",'key':'k'")))
        .isEqualTo(
            "404 RESOURCE_DOES_NOT_EXIST No tag with name: k in run with id %s".formatted(run));
  }

  @ParameterizedTest
  @ValueSource(ints = {5999, 6000, 6001})
  void cutsLongParameters(int length) {
    call("log-parameter", ",'key':'p','value':'%s'".formatted("\uD83D\uDC4D".repeat(length)));
    assertThat(param("p").codePointCount(0, param("p").length())).isEqualTo(Math.min(length, 6000));
  }

  @ParameterizedTest
  @ValueSource(ints = {7999, 8000, 8001})
  void cutsLongTags(int length) {
    call("set-tag", ",'key':'t','value':'%s'".formatted("v".repeat(length)));
    assertThat(tag("t")).hasSize(Math.min(length, 8000));
    call("log-batch", ",'tags':[{'key':'u','value':'%s'}]".formatted("v".repeat(length)));
    assertThat(tag("u")).hasSize(Math.min(length, 8000));
  }

  @ParameterizedTest
  @CsvSource({"249, 200", "250, 200", "251, 400"})
  void limitsKeys(int length, int status) {
    String key = "漢".repeat(length);
    assertThat(call("set-tag", ",'key':'%s','value':'v'".formatted(key)).status())
        .isEqualTo(status);
    assertThat(call("log-parameter", ",'key':'%s','value':'v'".formatted(key)).status())
        .isEqualTo(status);
    assertThat(call("log-metric", ",'key':'%s','value':1,'timestamp':1".formatted(key)).status())
        .isEqualTo(status);
  }

  @Test
  void appendsModelsOfOldClients() {
    String model =
        "{\\\"artifact_path\\\":\\\"model\\\",\\\"run_id\\\":\\\"r\\\",\\\"utc_time_created\\\":\\\"2026-01-01\\\",\\\"model_uuid\\\":\\\"u%d\\\",\\\"flavors\\\":{\\\"onnx\\\":{\\\"config\\\":{\\\"x\\\":1},\\\"data\\\":\\\"m\\\"}},\\\"other\\\":1}";
    for (int i = 1; i <= 2; i++) {
      assertThat(call("log-model", ",'model_json':'" + model.formatted(i) + "'").text())
          .isEqualTo("{}");
    }
    assertThat(tag("mlflow.log-model.history"))
        .isEqualTo(
            "[{\"run_id\":\"r\",\"artifact_path\":\"model\",\"utc_time_created\":\"2026-01-01\",\"model_uuid\":\"u1\",\"flavors\":{\"onnx\":{\"data\":\"m\"}}},"
                + "{\"run_id\":\"r\",\"artifact_path\":\"model\",\"utc_time_created\":\"2026-01-01\",\"model_uuid\":\"u2\",\"flavors\":{\"onnx\":{\"data\":\"m\"}}}]");
    assertThat(error(call("log-model", ",'model_json':'{\\\"flavors\\\":{}}'")))
        .isEqualTo(
            "400 INVALID_PARAMETER_VALUE Model json is missing mandatory fields: {'artifact_path', 'run_id', 'utc_time_created'}");
    for (String bad : List.of("no json", "[1]", "7")) {
      assertThat(error(call("log-model", ",'model_json':'" + bad + "'")))
          .startsWith("400 INVALID_PARAMETER_VALUE Malformed model info.");
    }
    assertThat(error(call("log-model", "")))
        .contains("Missing value for required parameter 'model_json'.");
  }

  private static String dataset(String name, String more) {
    return "{'tags':[{'key':'mlflow.data.context','value':'train'}],'dataset':{'name':'%s','digest':'d1','source_type':'http','source':'{}'%s}}"
        .formatted(name, more);
  }

  @Test
  void notesWhatItReadsOnce() {
    String inputs =
        ",'datasets':[%s,%s],'models':[{'model_id':'m-2'},{'model_id':'m-1'}]"
            .formatted(dataset("b", ",'schema':'s','profile':'p'"), dataset("a", ""));
    assertThat(call("log-inputs", inputs).text()).isEqualTo("{}");
    assertThat(call("log-inputs", inputs.replace("train", "test")).text()).isEqualTo("{}");

    assertThat(mlflow.readRun(run).path("inputs").toString())
        .isEqualTo(
            "{\"dataset_inputs\":[{\"tags\":[{\"key\":\"mlflow.data.context\",\"value\":\"train\"}],\"dataset\":{\"name\":\"a\",\"digest\":\"d1\",\"source_type\":\"http\",\"source\":\"{}\"}},"
                + "{\"tags\":[{\"key\":\"mlflow.data.context\",\"value\":\"train\"}],\"dataset\":{\"name\":\"b\",\"digest\":\"d1\",\"source_type\":\"http\",\"source\":\"{}\",\"schema\":\"s\",\"profile\":\"p\"}}],"
                + "\"model_inputs\":[{\"model_id\":\"m-1\"},{\"model_id\":\"m-2\"}]}");
  }

  @Test
  void describesADatasetOnceForItsExperiment() {
    call("log-inputs", ",'datasets':[%s]".formatted(dataset("d", ",'profile':'first'")));
    String other = mlflow.run(experiment);
    mlflow.post(
        "runs/log-inputs",
        "{'run_id':'%s','datasets':[%s]}"
            .formatted(other, dataset("d", ",'profile':'second'").replace("train", "test")));
    String elsewhere = mlflow.run(mlflow.experiment());
    mlflow.post(
        "runs/log-inputs",
        "{'run_id':'%s','datasets':[%s]}".formatted(elsewhere, dataset("d", ",'profile':'third'")));

    JsonNode input = mlflow.readRun(other).at("/inputs/dataset_inputs/0");
    assertThat(input.at("/dataset/profile").asString()).isEqualTo("first");
    assertThat(input.at("/tags/0/value").asString()).isEqualTo("test");
    assertThat(mlflow.readRun(elsewhere).at("/inputs/dataset_inputs/0/dataset/profile").asString())
        .isEqualTo("third");
    Answer summaries =
        RunningTracking.shared()
            .post(
                "/ajax-api/2.0/mlflow/experiments/search-datasets",
                "{'experiment_ids':['%s']}".formatted(experiment));
    assertThat(summaries.text())
        .isEqualTo(
            "{\"dataset_summaries\":[{\"experiment_id\":\"%1$s\",\"name\":\"d\",\"digest\":\"d1\",\"context\":\"test\"},{\"experiment_id\":\"%1$s\",\"name\":\"d\",\"digest\":\"d1\",\"context\":\"train\"}]}"
                .formatted(experiment));
  }

  @Test
  void refusesTooManyExperimentsToSearchForDatasets() {
    String path = "/ajax-api/2.0/mlflow/experiments/search-datasets";
    RunningTracking tracking = RunningTracking.shared();
    assertThat(error(tracking.post(path, "{}")))
        .contains("Missing value for required parameter 'experiment_ids'.");
    String twenty = "'0',".repeat(19) + "'0'";
    assertThat(tracking.post(path, "{'experiment_ids':[%s]}".formatted(twenty)).status())
        .isEqualTo(200);
    assertThat(error(tracking.post(path, "{'experiment_ids':[%s,'0']}".formatted(twenty))))
        .startsWith("400 INVALID_PARAMETER_VALUE");
  }

  @ParameterizedTest
  @CsvSource({
    "name, 500",
    "digest, 36",
    "source, 65535",
    "schema, 1048575",
    "profile, 16777215",
  })
  void limitsWhatIsSaidOfADataset(String field, int most) {
    for (int length : new int[] {most, most + 1}) {
      String body =
          dataset("d", ",'%s':'%s'".formatted(field, "x".repeat(length)))
              .replace("'name':'d'", field.equals("name") ? "'n':''" : "'name':'d'")
              .replace("'digest':'d1'", field.equals("digest") ? "'n':''" : "'digest':'d1'")
              .replace("'source':'{}'", field.equals("source") ? "'n':''" : "'source':'{}'");
      assertThat(error(call("log-inputs", ",'datasets':[%s]".formatted(body))))
          .startsWith(
              length == most
                  ? "200"
                  : "400 INVALID_PARAMETER_VALUE 'datasets[0].dataset.%s' exceeds the maximum length of %d characters"
                      .formatted(field, most));
    }
    assertThat(mlflow.readRun(run).at("/inputs/dataset_inputs")).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "'datasets':[{}]                                  | datasets[0].dataset",
        "'datasets':[{'dataset':{}}]                      | datasets[0].dataset.name",
        "'datasets':[{'dataset':{'name':'a'}}]            | datasets[0].dataset.digest",
        "'models':[{'model_id':'m'},{}]                   | models[1].model_id",
      })
  void namesWhatIsMissingInItsInputs(String fields, String path) {
    assertThat(error(call("log-inputs", "," + fields)))
        .startsWith(
            "400 INVALID_PARAMETER_VALUE Missing value for required parameter '%s'."
                .formatted(path));
    assertThat(mlflow.readRun(run).path("inputs").toString()).isEqualTo("{}");
  }

  @Test
  void notesWhatItMakes() {
    String outputs = ",'models':[{'model_id':'m-b','step':2},{'model_id':'m-a','step':'7'}]";
    assertThat(call("outputs", outputs).text()).isEqualTo("{}");
    assertThat(call("outputs", outputs).text()).isEqualTo("{}");
    assertThat(mlflow.readRun(run).path("outputs").toString())
        .isEqualTo(
            "{\"model_outputs\":[{\"model_id\":\"m-b\",\"step\":2},{\"model_id\":\"m-a\",\"step\":7}]}");
    assertThat(error(call("outputs", "")))
        .contains("Missing value for required parameter 'models'.");
    assertThat(error(call("outputs", ",'models':[{'model_id':'m'}]")))
        .contains("Missing value for required parameter 'models[0].step'.");
  }
}
