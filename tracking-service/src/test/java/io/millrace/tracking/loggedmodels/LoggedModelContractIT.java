package io.millrace.tracking.loggedmodels;

import static io.millrace.tracking.Mlflow.error;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.tracking.Mlflow;
import io.millrace.tracking.RunningTracking;
import io.millrace.tracking.RunningTracking.Answer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** MLflow's calls about logged models, seen from outside. */
class LoggedModelContractIT {

  /** A single quote inside of JSON whose single quotes stand for double ones. */
  private static final String QUOTE = "\\u0027";

  private final Mlflow mlflow = new Mlflow();
  private String experiment;

  @BeforeEach
  void anExperiment() {
    experiment = mlflow.experiment();
  }

  private Answer create(String fields) {
    return mlflow.post("logged-models", "{'experiment_id':'%s'%s}".formatted(experiment, fields));
  }

  private String model(String fields) {
    return create(fields).body().at("/model/info/model_id").asString();
  }

  private JsonNode read(String id) {
    return mlflow.get("logged-models/" + id).body().path("model");
  }

  @Test
  void createsAndReads() {
    Answer created =
        create(
            ",'name':'m','model_type':'forest','source_run_id':'r1','params':[{'key':'p','value':'1'}],'tags':[{'key':'b','value':'2'},{'key':'a','value':'1'}]");
    String id = created.body().at("/model/info/model_id").asString();
    long time = created.body().at("/model/info/creation_timestamp_ms").asLong();

    assertThat(id).matches("m-[0-9a-f]{32}");
    assertThat(created.text())
        .isEqualTo(
            "{\"model\":{\"info\":{\"model_id\":\"%1$s\",\"experiment_id\":\"%2$s\",\"name\":\"m\",\"creation_timestamp_ms\":%3$d,\"last_updated_timestamp_ms\":%3$d,\"artifact_uri\":\"mlflow-artifacts:/%2$s/models/%1$s/artifacts\",\"status\":\"LOGGED_MODEL_PENDING\",\"model_type\":\"forest\",\"source_run_id\":\"r1\",\"tags\":[{\"key\":\"a\",\"value\":\"1\"},{\"key\":\"b\",\"value\":\"2\"}]},\"data\":{\"params\":[{\"key\":\"p\",\"value\":\"1\"}]}}}"
                .formatted(id, experiment, time));
    assertThat(mlflow.get("logged-models/" + id).text()).isEqualTo(created.text());
    assertThat(RunningTracking.shared().get("/ajax-api/2.0/mlflow/logged-models/" + id).status())
        .isEqualTo(200);
    assertThat(error(mlflow.get("logged-models/m-none")))
        .isEqualTo("404 RESOURCE_DOES_NOT_EXIST Logged model with ID 'm-none' not found.");
  }

  @Test
  void namesAModelThatHasNoName() {
    JsonNode info = create("").body().at("/model/info");
    assertThat(info.path("name").asString()).matches("[a-z]+-[a-z]+-[0-9]+");
    assertThat(info.path("model_type").asString("absent")).isEmpty();
    assertThat(info.path("source_run_id").asString("absent")).isEmpty();
    assertThat(create("").text()).contains("\"data\":{}").doesNotContain("\"tags\"");
    assertThat(create(",'name':'same'").status()).isEqualTo(200);
    assertThat(create(",'name':'same'").status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"a/b", "a:b", "a.b", "a%b", "  "})
  void refusesNames(String name) {
    assertThat(error(create(",'name':'%s'".formatted(name))))
        .isEqualTo(
            "400 INVALID_PARAMETER_VALUE Invalid model name ('%s') provided. Model name must be a non-empty string and cannot contain the following characters: ('/', ':', '.', '%%', '\"', \"'\")"
                .formatted(name));
    assertThat(search("").body().path("models")).isEmpty();
  }

  @Test
  void refusesExperimentsThatCannotTakeIt() {
    assertThat(error(mlflow.post("logged-models", "{}")))
        .contains("Missing value for required parameter 'experiment_id'.");
    assertThat(error(mlflow.post("logged-models", "{'experiment_id':'99999999'}")))
        .isEqualTo("404 RESOURCE_DOES_NOT_EXIST No Experiment with id=99999999 exists");
    mlflow.post("experiments/delete", "{'experiment_id':'%s'}".formatted(experiment));
    assertThat(error(create(""))).contains("must be in the 'active' state");
  }

  @ParameterizedTest
  @CsvSource({
    "'LOGGED_MODEL_READY', LOGGED_MODEL_READY",
    "2, LOGGED_MODEL_READY",
    "'LOGGED_MODEL_UPLOAD_FAILED', LOGGED_MODEL_UPLOAD_FAILED",
    "1, LOGGED_MODEL_PENDING"
  })
  void completes(String status, String shown) {
    String id = model("");
    String json = status.matches("[0-9]") ? status : "'" + status.replace("'", "") + "'";
    Answer answer =
        mlflow.send(
            "PATCH", "logged-models/" + id, "{'model_id':'%s','status':%s}".formatted(id, json));
    assertThat(answer.body().at("/model/info/status").asString()).isEqualTo(shown);
    assertThat(read(id)).isEqualTo(answer.body().path("model"));
  }

  @Test
  void refusesToCompleteWithoutSayingWhat() {
    String id = model("");
    for (String[] refused :
        new String[][] {
          {"{'status':2}", "Missing value for required parameter 'model_id'."},
          {"{'model_id':'%s'}", "Missing value for required parameter 'status'."},
          {"{'model_id':'m-other','status':2}", "the body about model 'm-other'"},
          {"{'model_id':'%s','status':'READY'}", "Invalid value \"READY\" for parameter 'status'"},
          {"{'model_id':'%s','status':0}", "Invalid value 0 for parameter 'status'"}
        }) {
      assertThat(error(mlflow.send("PATCH", "logged-models/" + id, refused[0].replace("%s", id))))
          .startsWith("400 INVALID_PARAMETER_VALUE")
          .contains(refused[1]);
    }
    assertThat(read(id).at("/info/status").asString()).isEqualTo("LOGGED_MODEL_PENDING");
  }

  @Test
  void deletesAndAnswersTheDeletedOnRequest() {
    String id = model("");
    assertThat(mlflow.send("DELETE", "logged-models/" + id, "{}").text()).isEqualTo("{}");
    assertThat(mlflow.get("logged-models/" + id).status()).isEqualTo(404);
    assertThat(mlflow.get("logged-models/" + id + "?allow_deleted=false").status()).isEqualTo(404);
    assertThat(mlflow.get("logged-models/" + id + "?allow_deleted=true").status()).isEqualTo(200);
    assertThat(error(mlflow.get("logged-models/" + id + "?allow_deleted=maybe")))
        .endsWith("Invalid boolean value: maybe, must be 'true' or 'false'.");
    for (Answer again :
        List.of(
            mlflow.send("DELETE", "logged-models/" + id, "{}"),
            mlflow.send("PATCH", "logged-models/" + id + "/tags", "{}"),
            mlflow.send("DELETE", "logged-models/" + id + "/tags/k", "{}"),
            mlflow.post("logged-models/" + id + "/params", "{'model_id':'%s'}".formatted(id)),
            mlflow.send(
                "PATCH", "logged-models/" + id, "{'model_id':'%s','status':2}".formatted(id)))) {
      assertThat(error(again))
          .isEqualTo(
              "404 RESOURCE_DOES_NOT_EXIST Logged model with ID '%s' not found.".formatted(id));
    }
    assertThat(search("").text()).isEqualTo("{}");
  }

  @Test
  void setsAndDeletesTags() {
    String id = model(",'tags':[{'key':'a','value':'1'}]");
    assertThat(
            mlflow
                .send(
                    "PATCH",
                    "logged-models/" + id + "/tags",
                    "{'tags':[{'key':'a','value':'2'},{'key':'b/c'}]}")
                .text())
        .isEqualTo("{}");
    assertThat(read(id).at("/info/tags").toString())
        .isEqualTo("[{\"key\":\"a\",\"value\":\"2\"},{\"key\":\"b/c\",\"value\":\"\"}]");
    assertThat(mlflow.send("DELETE", "logged-models/" + id + "/tags/b%2Fc", "").text())
        .isEqualTo("{}");
    assertThat(error(mlflow.send("DELETE", "logged-models/" + id + "/tags/k", "")))
        .isEqualTo(
            "404 RESOURCE_DOES_NOT_EXIST No tag with key 'k' found for model with ID '%s'."
                .formatted(id));
    assertThat(
            error(mlflow.send("PATCH", "logged-models/" + id + "/tags", "{'tags':[{'key':'a$'}]}")))
        .startsWith("400 INVALID_PARAMETER_VALUE");
    assertThat(read(id).at("/info/tags")).hasSize(1);
  }

  @Test
  void keepsAParameterAsItWasFirstGiven() {
    String id = model(",'params':[{'key':'p','value':'1'}]");
    String body = "{'model_id':'%s','params':[{'key':'p','value':'%s'},{'key':'q','value':'x'}]}";
    assertThat(error(mlflow.post("logged-models/" + id + "/params", body.formatted(id, "2"))))
        .startsWith(
            "400 INVALID_PARAMETER_VALUE Changing param values is not allowed. Param with key='p'");
    assertThat(read(id).at("/data/params")).hasSize(1);
    assertThat(mlflow.post("logged-models/" + id + "/params", body.formatted(id, "1")).text())
        .isEqualTo("{}");
    assertThat(read(id).at("/data/params")).hasSize(2);
    assertThat(error(mlflow.post("logged-models/" + id + "/params", "{}")))
        .contains("Missing value for required parameter 'model_id'.");
  }

  @Test
  void takesTheMetricsThatRunsMeasureWithIt() {
    String id = model("");
    String run = mlflow.run(experiment);
    String point =
        "{'run_id':'%s','key':'acc','value':0.5,'timestamp':7,'step':1,'model_id':'%s','dataset_name':'iris','dataset_digest':'d1'}"
            .formatted(run, id);
    for (int i = 0; i < 2; i++) {
      assertThat(mlflow.post("runs/log-metric", point).text()).isEqualTo("{}");
    }
    assertThat(
            mlflow
                .post(
                    "runs/log-batch",
                    "{'run_id':'%s','metrics':[{'key':'f1','value':'NaN','timestamp':8,'model_id':'%s'},{'key':'other','value':1,'timestamp':1}]}"
                        .formatted(run, id))
                .text())
        .isEqualTo("{}");

    assertThat(mlflow.get("logged-models/" + id).text())
        .contains(
            "\"metrics\":[{\"key\":\"acc\",\"value\":0.5,\"timestamp\":7,\"step\":1,\"dataset_name\":\"iris\",\"dataset_digest\":\"d1\",\"model_id\":\"%1$s\",\"run_id\":\"%2$s\"},{\"key\":\"f1\",\"value\":\"NaN\",\"timestamp\":8,\"step\":0,\"model_id\":\"%1$s\",\"run_id\":\"%2$s\"}]"
                .formatted(id, run));
    assertThat(mlflow.readRun(run).at("/data/metrics")).hasSize(3);
    JsonNode before = mlflow.readRun(run);
    assertThat(error(mlflow.post("runs/log-metric", point.replace(id, "m-none"))))
        .isEqualTo("404 RESOURCE_DOES_NOT_EXIST Logged model with ID 'm-none' not found.");
    assertThat(
            error(
                mlflow.post(
                    "runs/log-batch",
                    "{'run_id':'%s','params':[{'key':'p'}],'metrics':[{'key':'z','value':1,'timestamp':8,'model_id':'m-none'}]}"
                        .formatted(run))))
        .startsWith("404");
    assertThat(mlflow.readRun(run)).isEqualTo(before);
    assertThat(
            error(
                mlflow.post("runs/log-metric", point.replace("'d1'", "'" + "d".repeat(37) + "'"))))
        .isEqualTo(
            "400 INVALID_PARAMETER_VALUE 'dataset_digest' exceeds the maximum length of 36 characters");
  }

  @Test
  void isTheSourceOfAModelVersion() {
    String run = mlflow.run(experiment);
    String id = model(",'source_run_id':'%s'".formatted(run));
    String name = Mlflow.name();
    mlflow.post("registered-models/create", "{'name':'%s'}".formatted(name));
    String body = "{'name':'%s','source':'models:/%s','model_id':'%s'}";
    JsonNode version =
        mlflow
            .post("model-versions/create", body.formatted(name, id, id))
            .body()
            .path("model_version");
    assertThat(version.path("source").asString()).isEqualTo("models:/" + id);
    assertThat(version.path("run_id").asString()).isEqualTo(run);
    assertThat(
            mlflow
                .get("model-versions/get-download-uri?version=1&name=" + name)
                .body()
                .path("artifact_uri")
                .asString())
        .isEqualTo("mlflow-artifacts:/%s/models/%s/artifacts".formatted(experiment, id));
    assertThat(error(mlflow.post("model-versions/create", body.formatted(name, "m-none", ""))))
        .isEqualTo("404 RESOURCE_DOES_NOT_EXIST Logged model with ID 'm-none' not found.");
  }

  private Answer search(String fields) {
    return mlflow.post(
        "logged-models/search", "{'experiment_ids':['%s']%s}".formatted(experiment, fields));
  }

  private String names(String fields) {
    Answer answer = search(fields);
    if (answer.status() != 200) {
      return error(answer);
    }
    StringBuilder names = new StringBuilder();
    answer
        .body()
        .path("models")
        .forEach(found -> names.append(found.at("/info/name").asString()).append(' '));
    return names.toString().strip();
  }

  /** Three models: a measured twice on iris, b on both datasets, c on none. */
  private List<String> three() {
    List<String> ids = new ArrayList<>();
    String run = mlflow.run(experiment);
    for (String name : List.of("a", "b", "c")) {
      ids.add(
          model(
              ",'name':'%1$s','model_type':'t%1$s','params':[{'key':'depth','value':'%1$s'}],'tags':[{'key':'team','value':'X%1$s'}]"
                  .formatted(name)));
    }
    for (int i = 0; i < 3; i++) {
      long time = 1000 + i;
      String id = ids.get(i);
      RunningTracking.shared()
          .database()
          .inTransactionVoid(
              tx ->
                  tx.update(
                      "update logged_models set creation_time = $2 where model_id = $1", id, time));
    }
    mlflow.send(
        "PATCH",
        "logged-models/" + ids.getFirst(),
        "{'model_id':'%s','status':2}".formatted(ids.getFirst()));
    String point =
        "{'key':'acc','value':%s,'timestamp':%d,'model_id':'%s','dataset_name':'%s','dataset_digest':'%s'}";
    mlflow.post(
        "runs/log-batch",
        "{'run_id':'%s','metrics':[%s,%s,%s,%s]}"
            .formatted(
                run,
                point.formatted("0.9", 1, ids.get(0), "iris", "d1"),
                point.formatted("0.3", 2, ids.get(0), "iris", "d1"),
                point.formatted("0.5", 1, ids.get(1), "iris", "d2"),
                point.formatted("0.1", 2, ids.get(1), "wine", "d3")));
    return ids;
  }

  @Test
  void searches() {
    List<String> ids = three();
    String acc = "'order_by':[{'field_name':'metrics.acc'%s}]";
    String[][] cases = {
      {"", "c b a"},
      {",'filter':'name = \\'a\\''", "a"},
      {",'filter':'model_id IN (\\'%s\\', \\'x\\')'".formatted(ids.get(1)), "b"},
      {",'filter':'attributes.model_type ILIKE \\'T%\\' AND name != \\'b\\''", "c a"},
      {",'filter':'status = \\'READY\\''", "a"},
      {",'filter':'status = \\'LOGGED_MODEL_PENDING\\''", "c b"},
      {",'filter':'params.depth = \\'b\\''", "b"},
      {",'filter':'tags.team LIKE \\'X%\\''", "c b a"},
      {",'filter':'tags.none != \\'x\\''", ""},
      {",'filter':'creation_timestamp > 0 AND last_updated_time >= 1'", "c b a"},
      {",'filter':'metrics.acc > 0.4'", "b a"},
      {",'filter':'metrics.acc < 0.4'", "b a"},
      {",'filter':'metrics.acc > 0.4','datasets':[{'dataset_name':'wine'}]", ""},
      {
        ",'filter':'metrics.acc > 0.4','datasets':[{'dataset_name':'iris','dataset_digest':'d2'}]",
        "b"
      },
      {",'datasets':[{'dataset_name':'wine'}]", "b"},
      {",'datasets':[{'dataset_name':'wine'},{'dataset_name':'iris'}]", "b a"},
      {",'order_by':[{'field_name':'name'}]", "a b c"},
      {",'order_by':[{'field_name':'name','ascending':false}]", "c b a"},
      {",'order_by':[{'field_name':'creation_time'}]", "a b c"},
      {"," + acc.formatted(""), "b a c"},
      {"," + acc.formatted(",'ascending':false"), "a b c"},
      {"," + acc.formatted(",'dataset_name':'iris'"), "a b c"},
      {"," + acc.formatted(",'dataset_name':'wine'"), "b c a"},
      {",'max_results':0", "c b a"},
    };
    for (String[] example : cases) {
      assertThat(names(example[0].replace("\\'", QUOTE))).as(example[0]).isEqualTo(example[1]);
    }
    assertThat(mlflow.post("logged-models/search", "{'experiment_ids':['99999999']}").text())
        .isEqualTo("{}");
  }

  @Test
  void pagesThroughASearch() {
    three();
    for (String order :
        List.of(
            "",
            ",'order_by':[{'field_name':'metrics.acc'}]",
            ",'order_by':[{'field_name':'metrics.acc','ascending':false}]")) {
      StringBuilder found = new StringBuilder();
      String token = "";
      do {
        Answer page = search(order + ",'max_results':1,'page_token':'" + token + "'");
        found.append(page.body().at("/models/0/info/name").asString()).append(' ');
        token = page.body().path("next_page_token").asString("");
      } while (!token.isEmpty());
      assertThat(found.toString().strip()).isEqualTo(names(order));
    }
    String token = search(",'max_results':1").body().path("next_page_token").asString();
    assertThat(
            names(
                ",'max_results':1,'page_token':'%s','order_by':[{'field_name':'name'}]"
                    .formatted(token)))
        .startsWith("400 INVALID_PARAMETER_VALUE Invalid page token");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "'filter':'metric.acc > 1'               | Invalid entity type",
        "'filter':'name'                         | Invalid",
        "'filter':'metrics.acc > ~x~'            | Expected",
        "'filter':'params.x > ~1~'               | Invalid comparator",
        "'filter':'name = ~a~; drop table runs'  | Search filter contained multiple",
        "'order_by':[{'ascending':true}]         | 'order_by[0].field_name'",
        "'order_by':[{'field_name':'foo'}]       | Invalid attribute key 'foo'",
        "'order_by':[{'field_name':'name','dataset_digest':'d'}] | 'order_by[0].dataset_name'",
        "'order_by':['name']                     | for parameter 'order_by'",
        "'datasets':[{}]                         | 'datasets[0].dataset_name'",
        "'max_results':50001                     | for parameter 'max_results'",
        "'page_token':'abc'                      | Invalid page token"
      })
  void refusesSearchesThatHaveNoSense(String fields, String message) {
    assertThat(names("," + fields.replace("~", QUOTE)))
        .startsWith("400 INVALID_PARAMETER_VALUE")
        .contains(message);
  }

  @Test
  void searchesExperimentsOnly() {
    assertThat(error(mlflow.post("logged-models/search", "{}")))
        .contains("Missing value for required parameter 'experiment_ids'.");
  }
}
