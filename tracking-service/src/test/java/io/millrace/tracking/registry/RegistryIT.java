package io.millrace.tracking.registry;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.events.ModelAliasChanged;
import io.millrace.events.ModelStageChanged;
import io.millrace.events.ModelVersionCreated;
import io.millrace.events.ModelVersionDeleted;
import io.millrace.events.ModelVersionTagChanged;
import io.millrace.events.ModelVersionUpdated;
import io.millrace.events.RegisteredModelCreated;
import io.millrace.events.RegisteredModelDeleted;
import io.millrace.events.RegisteredModelRenamed;
import io.millrace.events.RegisteredModelTagChanged;
import io.millrace.events.RegisteredModelUpdated;
import io.millrace.tracking.RunningTracking;
import io.millrace.tracking.RunningTracking.Answer;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** MLflow's calls about registered models, seen from outside. */
class RegistryIT {

  private static final String[] GRACE = {
    "X-Millrace-User", "grace", "X-Millrace-Reason", "looks right"
  };

  private final RunningTracking tracking = RunningTracking.shared();
  private final String name = "r-" + UUID.randomUUID();

  @BeforeEach
  void aModel() {
    ok("POST", "registered-models/create", "{'name':'%s'}".formatted(name));
  }

  private Answer call(String method, String path, String json) {
    return tracking.send(method, "/api/2.0/mlflow/" + path, json, GRACE);
  }

  private JsonNode ok(String method, String path, String json) {
    Answer answer = call(method, path, json);
    assertThat(answer.status()).as(path + " " + answer.text()).isEqualTo(200);
    return answer.body();
  }

  private Answer query(String path, String... fields) {
    StringBuilder query = new StringBuilder();
    for (int i = 0; i < fields.length; i += 2) {
      query
          .append(query.isEmpty() ? "?" : "&")
          .append(fields[i])
          .append('=')
          .append(URLEncoder.encode(fields[i + 1], StandardCharsets.UTF_8));
    }
    return tracking.get("/api/2.0/mlflow/" + path + query);
  }

  private int version() {
    return Integer.parseInt(
        ok(
                "POST",
                "model-versions/create",
                "{'name':'%s','source':'s3://bucket/m'}".formatted(name))
            .at("/model_version/version")
            .asString());
  }

  private static String error(Answer answer) {
    return answer.status()
        + " "
        + answer.body().path("error_code").asString()
        + " "
        + answer.body().path("message").asString();
  }

  @Test
  void answersExactlyWhatTheContractShows() {
    Answer created =
        call(
            "POST",
            "model-versions/create",
            "{'name':'%s','source':'s3://bucket/m','tags':[{'key':'k','value':'v'}]}"
                .formatted(name));
    assertThat(created.text().replaceAll("timestamp\":\\d+", "timestamp\":0"))
        .isEqualTo(
            "{'model_version':{'name':'%s','version':'1','creation_timestamp':0,'last_updated_timestamp':0,'user_id':'grace','current_stage':'None','description':'','source':'s3://bucket/m','run_id':'','status':'READY','run_link':'','tags':[{'key':'k','value':'v'}]}}"
                .formatted(name)
                .replace('\'', '"'));
    ok(
        "POST",
        "registered-models/alias",
        "{'name':'%s','alias':'champion','version':'1'}".formatted(name));
    assertThat(
            query("registered-models/get", "name", name)
                .text()
                .replaceAll("timestamp\":\\d+", "timestamp\":0"))
        .isEqualTo(
            "{'registered_model':{'name':'%1$s','creation_timestamp':0,'last_updated_timestamp':0,'latest_versions':[{'name':'%1$s','version':'1','creation_timestamp':0,'last_updated_timestamp':0,'user_id':'grace','current_stage':'None','description':'','source':'s3://bucket/m','run_id':'','status':'READY','run_link':'','tags':[{'key':'k','value':'v'}],'aliases':['champion']}],'aliases':[{'alias':'champion','version':'1'}]}}"
                .formatted(name)
                .replace('\'', '"'));
    assertThat(
            tracking
                .get("/ajax-api/2.0/mlflow/registered-models/get?name=" + name)
                .body()
                .at("/registered_model/name")
                .asString())
        .isEqualTo(name);
  }

  @Test
  void changesDescriptionsAndTags() {
    version();
    assertThat(
            ok(
                    "PATCH",
                    "registered-models/update",
                    "{'name':'%s','description':'d'}".formatted(name))
                .at("/registered_model/description")
                .asString())
        .isEqualTo("d");
    assertThat(
            ok("PATCH", "registered-models/update", "{'name':'%s'}".formatted(name))
                .path("registered_model")
                .has("description"))
        .as("an absent description clears it")
        .isFalse();
    ok(
        "PATCH",
        "model-versions/update",
        "{'name':'%s','version':'1','description':'e'}".formatted(name));
    ok("POST", "registered-models/set-tag", "{'name':'%s','key':'k','value':'v'}".formatted(name));
    ok(
        "POST",
        "model-versions/set-tag",
        "{'name':'%s','version':'1','key':'k','value':'w'}".formatted(name));
    assertThat(
            query("registered-models/get", "name", name)
                .body()
                .at("/registered_model/tags/0/value")
                .asString())
        .isEqualTo("v");
    assertThat(
            query("model-versions/get", "name", name, "version", "1")
                .body()
                .at("/model_version/tags/0/value")
                .asString())
        .isEqualTo("w");
    for (int twice = 0; twice < 2; twice++) {
      ok("DELETE", "registered-models/delete-tag", "{'name':'%s','key':'k'}".formatted(name));
      ok(
          "DELETE",
          "model-versions/delete-tag",
          "{'name':'%s','version':'1','key':'k'}".formatted(name));
    }
    assertThat(query("registered-models/get", "name", name).text()).doesNotContain("\"tags\"");

    assertThat(
            tracking
                .await(RegisteredModelUpdated.class, e -> e.getModelName().equals(name))
                .getBy())
        .isEqualTo("grace");
    assertThat(
            tracking
                .await(ModelVersionUpdated.class, e -> e.getModelName().equals(name))
                .getDescription())
        .isEqualTo("e");
    tracking.await(
        RegisteredModelTagChanged.class,
        e -> e.getModelName().equals(name) && e.getValue() == null);
    tracking.await(
        ModelVersionTagChanged.class, e -> e.getModelName().equals(name) && e.getValue() == null);
    assertThat(
            tracking
                .events(ModelVersionTagChanged.class)
                .filter(e -> e.getModelName().equals(name)))
        .as("removing what is not there is no event")
        .hasSize(2);
  }

  @Test
  void movesVersionsThroughStages() {
    version();
    version();
    String transition = "{'name':'%s','version':'%s','stage':'%s'%s}";
    assertThat(
            ok(
                    "POST",
                    "model-versions/transition-stage",
                    transition.formatted(name, 1, "production", ""))
                .at("/model_version/current_stage")
                .asString())
        .isEqualTo("Production");
    ok(
        "POST",
        "model-versions/transition-stage",
        transition.formatted(name, 2, "Production", ",'archive_existing_versions':true"));
    assertThat(
            query("model-versions/get", "name", name, "version", "1")
                .body()
                .at("/model_version/current_stage")
                .asString())
        .isEqualTo("Archived");
    JsonNode latest =
        ok(
            "POST",
            "registered-models/get-latest-versions",
            "{'name':'%s','stages':['pRoDuCtIoN']}".formatted(name));
    assertThat(latest.at("/model_versions/0/version").asString()).isEqualTo("2");
    assertThat(latest.path("model_versions")).hasSize(1);
    assertThat(query("registered-models/get-latest-versions", "name", name, "stages", "foo"))
        .extracting(RegistryIT::error)
        .isEqualTo(
            "400 INVALID_PARAMETER_VALUE Invalid Model Version stage: foo. Value must be one of None, Staging, Production, Archived.");
    assertThat(
            error(
                call(
                    "POST",
                    "model-versions/transition-stage",
                    transition.formatted(name, 2, "None", ",'archive_existing_versions':'true'"))))
        .startsWith("400 INVALID_PARAMETER_VALUE Model version transition cannot archive");
    ModelStageChanged archived =
        tracking.await(
            ModelStageChanged.class,
            e -> e.getModelName().equals(name) && e.getStage().equals("Archived"));
    assertThat(archived.getPreviousStage()).isEqualTo("Production");
    assertThat(archived.getReason()).isEqualTo("looks right");
  }

  @Test
  void namesVersionsByAlias() {
    version();
    version();
    String set = "{'name':'%s','alias':'%s','version':'%s'}";
    ok("POST", "registered-models/alias", set.formatted(name, "champion", 1));
    ok("POST", "registered-models/alias", set.formatted(name, "champion", 2));
    ok("POST", "registered-models/alias", set.formatted(name, "champion", 2));
    assertThat(
            query("registered-models/alias", "name", name, "alias", "champion")
                .body()
                .at("/model_version/version")
                .asString())
        .isEqualTo("2");
    assertThat(
            query("registered-models/alias", "name", name, "alias", "Latest")
                .body()
                .at("/model_version/version")
                .asString())
        .isEqualTo("2");
    assertThat(error(query("registered-models/alias", "name", name, "alias", "no")))
        .isEqualTo("400 INVALID_PARAMETER_VALUE Registered model alias no not found.");
    for (String bad :
        List.of("latest", "LATEST", "v1", "V12", "a b", "a/b", "é!", "x".repeat(256))) {
      assertThat(error(call("POST", "registered-models/alias", set.formatted(name, bad, 1))))
          .startsWith("400 INVALID_PARAMETER_VALUE");
    }
    assertThat(error(call("POST", "registered-models/alias", set.formatted(name, "a", 9))))
        .isEqualTo(
            "404 RESOURCE_DOES_NOT_EXIST Model Version (name=%s, version=9) not found"
                .formatted(name));
    String delete = "{'name':'%s','alias':'champion'}".formatted(name);
    ok("DELETE", "registered-models/alias", delete);
    ok("DELETE", "registered-models/alias", delete);

    tracking.await(
        ModelAliasChanged.class, e -> e.getModelName().equals(name) && e.getVersion() == null);
    assertThat(tracking.events(ModelAliasChanged.class).filter(e -> e.getModelName().equals(name)))
        .extracting(ModelAliasChanged::getPreviousVersion, ModelAliasChanged::getVersion)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(null, 1),
            org.assertj.core.groups.Tuple.tuple(1, 2),
            org.assertj.core.groups.Tuple.tuple(2, null));
  }

  @Test
  void neverGivesANumberTwice() {
    version();
    version();
    ok(
        "POST",
        "registered-models/alias",
        "{'name':'%s','alias':'a','version':'2'}".formatted(name));
    ok("DELETE", "model-versions/delete", "{'name':'%s','version':'2'}".formatted(name));

    assertThat(version()).isEqualTo(3);
    assertThat(error(query("model-versions/get", "name", name, "version", "2")))
        .startsWith("404 RESOURCE_DOES_NOT_EXIST");
    assertThat(error(query("registered-models/alias", "name", name, "alias", "a")))
        .isEqualTo("400 INVALID_PARAMETER_VALUE Registered model alias a not found.");
    assertThat(
            error(
                call(
                    "DELETE",
                    "model-versions/delete",
                    "{'name':'%s','version':'2'}".formatted(name))))
        .startsWith("404");
    tracking.await(ModelVersionDeleted.class, e -> e.getModelName().equals(name));
  }

  @Test
  void takesEverythingAlongToAnotherName() {
    version();
    ok("POST", "registered-models/set-tag", "{'name':'%s','key':'k','value':'v'}".formatted(name));
    ok(
        "POST",
        "model-versions/set-tag",
        "{'name':'%s','version':'1','key':'k','value':'v'}".formatted(name));
    ok(
        "POST",
        "registered-models/alias",
        "{'name':'%s','alias':'a','version':'1'}".formatted(name));
    String other = name + " n€w";

    JsonNode renamed =
        ok(
            "POST",
            "registered-models/rename",
            "{'name':'%s','new_name':'%s'}".formatted(name, other));

    assertThat(renamed.at("/registered_model/name").asString()).isEqualTo(other);
    assertThat(renamed.at("/registered_model/tags/0/value").asString()).isEqualTo("v");
    JsonNode version =
        query("registered-models/alias", "name", other, "alias", "a").body().path("model_version");
    assertThat(version.path("name").asString()).isEqualTo(other);
    assertThat(version.at("/tags/0/value").asString()).isEqualTo("v");
    assertThat(error(query("registered-models/get", "name", name)))
        .isEqualTo(
            "404 RESOURCE_DOES_NOT_EXIST Registered Model with name=%s not found".formatted(name));
    ok("POST", "registered-models/create", "{'name':'%s'}".formatted(name));
    assertThat(
            error(
                call(
                    "POST",
                    "registered-models/rename",
                    "{'name':'%s','new_name':'%s'}".formatted(other, name))))
        .isEqualTo(
            "400 RESOURCE_ALREADY_EXISTS Registered Model (name=%s) already exists."
                .formatted(name));
    assertThat(
            tracking
                .await(RegisteredModelRenamed.class, e -> e.getPreviousName().equals(name))
                .getModelName())
        .isEqualTo(other);
    assertThat(
            tracking
                .get(
                    "/api/v1/models/"
                        + URLEncoder.encode(other, StandardCharsets.UTF_8).replace("+", "%20")
                        + "/history")
                .text())
        .contains("MODEL_RENAMED", "VERSION_CREATED");
  }

  @Test
  void deletesAModelWithEverything() {
    version();
    ok("DELETE", "registered-models/delete", "{'name':'%s'}".formatted(name));

    assertThat(query("registered-models/get", "name", name).status()).isEqualTo(404);
    assertThat(query("model-versions/get", "name", name, "version", "1").status()).isEqualTo(404);
    assertThat(error(call("DELETE", "registered-models/delete", "{'name':'%s'}".formatted(name))))
        .startsWith("404");
    tracking.await(RegisteredModelDeleted.class, e -> e.getModelName().equals(name));
    assertThat(tracking.get("/api/v1/models/" + name + "/history").text())
        .contains("MODEL_DELETED", "VERSION_CREATED", "grace");
  }

  @Test
  void followsSources() {
    version();
    String create = "{'name':'%s','source':'%s','run_id':'%s'}";
    JsonNode copy =
        ok("POST", "model-versions/create", create.formatted(name, "models:/" + name + "/1", ""));
    assertThat(copy.at("/model_version/source").asString()).isEqualTo("models:/" + name + "/1");
    assertThat(query("model-versions/get-download-uri", "name", name, "version", "2").text())
        .isEqualTo("{\"artifact_uri\":\"s3://bucket/m\"}");
    assertThat(
            error(
                call(
                    "POST",
                    "model-versions/create",
                    create.formatted(name, "models:/" + name + "/77", ""))))
        .startsWith("404 RESOURCE_DOES_NOT_EXIST");
    assertThat(
            error(
                call(
                    "POST", "model-versions/create", create.formatted(name, "models:/m-none", ""))))
        .isEqualTo("404 RESOURCE_DOES_NOT_EXIST Logged model with ID 'm-none' not found.");
    String location = "/srv/models-" + name;
    String experiment =
        ok(
                "POST",
                "experiments/create",
                "{'name':'%s','artifact_location':'%s'}".formatted(name, location))
            .path("experiment_id")
            .asString();
    String run =
        ok("POST", "runs/create", "{'experiment_id':'%s'}".formatted(experiment))
            .at("/run/info/run_id")
            .asString();
    ok("POST", "model-versions/create", create.formatted(name, "runs:/" + run + "/model", run));
    assertThat(query("model-versions/get-download-uri", "name", name, "version", "3").text())
        .isEqualTo("{\"artifact_uri\":\"%s/%s/artifacts/model\"}".formatted(location, run));
    String inside = location + "/" + run + "/artifacts/model";
    assertThat(call("POST", "model-versions/create", create.formatted(name, inside, run)).status())
        .isEqualTo(200);
    for (String outside :
        List.of(location + "/other", inside + "/../../x", "/etc/passwd", "file:///etc/passwd")) {
      assertThat(error(call("POST", "model-versions/create", create.formatted(name, outside, run))))
          .startsWith("400 INVALID_PARAMETER_VALUE Invalid model version source: '" + outside);
    }
    assertThat(error(call("POST", "model-versions/create", create.formatted(name, inside, ""))))
        .startsWith("400 INVALID_PARAMETER_VALUE Invalid model version source");
  }

  @Test
  void leavesPromptsOutUnlessAskedForThem() {
    String prompt = "p-" + UUID.randomUUID();
    String tag = "'tags':[{'key':'mlflow.prompt.is_prompt','value':'true'}]";
    ok("POST", "registered-models/create", "{'name':'%s',%s}".formatted(prompt, tag));
    ok(
        "POST",
        "model-versions/create",
        "{'name':'%s','source':'prompt-template',%s}".formatted(prompt, tag));

    String named = "name = '%s'".formatted(prompt);
    String asked = named + " AND tags.`mlflow.prompt.is_prompt` = 'true'";
    assertThat(query("registered-models/search", "filter", named).text()).isEqualTo("{}");
    assertThat(query("model-versions/search", "filter", named).text()).isEqualTo("{}");
    assertThat(query("registered-models/search", "filter", asked).body().path("registered_models"))
        .hasSize(1);
    assertThat(query("model-versions/search", "filter", asked).body().path("model_versions"))
        .hasSize(1);
    assertThat(
            tracking
                .await(RegisteredModelCreated.class, e -> e.getModelName().equals(prompt))
                .getPrompt())
        .isTrue();
  }

  @Test
  void searchesByNameTagAndNumber() {
    for (int i = 1; i <= 4; i++) {
      version();
    }
    ok(
        "POST",
        "model-versions/set-tag",
        "{'name':'%s','version':'2','key':'site','value':'North'}".formatted(name));
    String ours = "name = '%s'".formatted(name);
    assertThat(numbers(ours + " AND version_number >= 3")).containsExactly("4", "3");
    assertThat(numbers(ours + " AND version_number = '1'")).containsExactly("1");
    assertThat(numbers(ours + " AND tags.site ILIKE 'n%'")).containsExactly("2");
    assertThat(numbers(ours + " AND source_path LIKE 's3://bucket/%'")).hasSize(4);
    assertThat(numbers(ours + " AND run_id IN ('x')")).isEmpty();
    assertThat(
            numbers(
                "name ILIKE '%s' AND version_number < 2"
                    .formatted(name.toUpperCase(java.util.Locale.ROOT))))
        .containsExactly("1");
    assertThat(error(query("model-versions/search", "filter", "current_stage = 'None'")))
        .startsWith("400 INVALID_PARAMETER_VALUE");
    assertThat(error(query("registered-models/search", "order_by", "creation_timestamp")))
        .isEqualTo(
            "400 INVALID_PARAMETER_VALUE Invalid order by key 'creation_timestamp' specified. Valid keys are '{'name', 'timestamp'}'");
    assertThat(error(query("registered-models/search", "max_results", "1001")))
        .startsWith("400 INVALID_PARAMETER_VALUE Invalid value");
    assertThat(error(query("registered-models/search", "max_results", "0")))
        .startsWith("400 INVALID_PARAMETER_VALUE");
    assertThat(error(query("model-versions/search", "page_token", "eyJvZmZzZXQiOiAyfQ==")))
        .startsWith("400 INVALID_PARAMETER_VALUE Invalid page token");
  }

  private List<String> numbers(String filter) {
    List<String> numbers = new ArrayList<>();
    query("model-versions/search", "filter", filter)
        .body()
        .path("model_versions")
        .forEach(version -> numbers.add(version.path("version").asString()));
    return numbers;
  }

  @Test
  void pagesLoseAndDoubleNothingWhileOthersWrite() {
    for (int i = 1; i <= 7; i++) {
      version();
    }
    List<String> seen = new ArrayList<>();
    String token = "";
    do {
      JsonNode page =
          query(
                  "model-versions/search",
                  "filter",
                  "name = '%s'".formatted(name),
                  "order_by",
                  "version_number ASC",
                  "max_results",
                  "2",
                  "page_token",
                  token)
              .body();
      page.path("model_versions").forEach(one -> seen.add(one.path("version").asString()));
      if (seen.size() == 4) {
        ok("DELETE", "model-versions/delete", "{'name':'%s','version':'1'}".formatted(name));
      }
      token = page.path("next_page_token").asString("");
    } while (!token.isEmpty());
    assertThat(seen).containsExactly("1", "2", "3", "4", "5", "6", "7");

    List<String> models = new ArrayList<>();
    String other = name + "-b";
    ok("POST", "registered-models/create", "{'name':'%s'}".formatted(other));
    do {
      JsonNode page =
          query(
                  "registered-models/search",
                  "filter",
                  "name LIKE '%s%%'".formatted(name),
                  "order_by",
                  "timestamp DESC",
                  "max_results",
                  "1",
                  "page_token",
                  token)
              .body();
      page.path("registered_models").forEach(one -> models.add(one.path("name").asString()));
      token = page.path("next_page_token").asString("");
    } while (!token.isEmpty());
    assertThat(models).containsExactlyInAnyOrder(name, other);
  }

  @Test
  void numbersConcurrentVersionsOnceEach() throws Exception {
    List<Integer> numbers = together(32, i -> version());

    assertThat(numbers)
        .containsExactlyInAnyOrderElementsOf(IntStream.rangeClosed(1, 32).boxed().toList());
    tracking.await(
        ModelVersionCreated.class, e -> e.getModelName().equals(name) && e.getVersion() == 32);
    assertThat(
            tracking
                .events(ModelVersionCreated.class)
                .filter(e -> e.getModelName().equals(name))
                .map(ModelVersionCreated::getVersion))
        .as("published in the order of their numbers")
        .isSorted()
        .hasSize(32);
  }

  @Test
  void concurrentFlipsOfAnAliasFormOneChain() throws Exception {
    for (int i = 0; i < 4; i++) {
      version();
    }
    together(
        32,
        i ->
            call(
                    "POST",
                    "registered-models/alias",
                    "{'name':'%s','alias':'a','version':'%d'}".formatted(name, i % 4 + 1))
                .status());

    List<JsonNode> flips = new ArrayList<>();
    tracking
        .get("/api/v1/models/" + name + "/history?limit=1000")
        .body()
        .path("items")
        .forEach(
            line -> {
              if (line.path("kind").asString().equals("ALIAS_SET")) {
                flips.addFirst(line);
              }
            });
    for (int i = 1; i < flips.size(); i++) {
      assertThat(flips.get(i).path("from").asString())
          .isEqualTo(flips.get(i - 1).path("to").asString());
    }
    assertThat(
            query("registered-models/alias", "name", name, "alias", "a")
                .body()
                .at("/model_version/version")
                .asString())
        .isEqualTo(flips.getLast().path("to").asString());
  }

  private <T> List<T> together(int many, java.util.function.IntFunction<T> work) throws Exception {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<T>> calls =
          IntStream.range(0, many).mapToObj(i -> (Callable<T>) () -> work.apply(i)).toList();
      List<T> results = new ArrayList<>();
      for (Future<T> result : threads.invokeAll(calls)) {
        results.add(result.get());
      }
      return results;
    }
  }

  @ParameterizedTest
  @CsvSource({
    "POST, registered-models/create",
    "GET, registered-models/get",
    "PATCH, registered-models/update",
    "POST, registered-models/rename",
    "DELETE, registered-models/delete",
    "GET, registered-models/search",
    "POST, registered-models/get-latest-versions",
    "POST, registered-models/set-tag",
    "DELETE, registered-models/delete-tag",
    "POST, registered-models/alias",
    "DELETE, registered-models/alias",
    "GET, registered-models/alias",
    "POST, model-versions/create",
    "GET, model-versions/get",
    "PATCH, model-versions/update",
    "POST, model-versions/transition-stage",
    "DELETE, model-versions/delete",
    "GET, model-versions/search",
    "GET, model-versions/get-download-uri",
    "POST, model-versions/set-tag",
    "DELETE, model-versions/delete-tag",
  })
  void answersBadInputWithItsFault(String method, String path) {
    String emoji = "\uD83D\uDE00".repeat(70);
    for (String bad :
        List.of(
            "'; drop table registered_models; --",
            "a\\u0000b",
            "\\ud800",
            emoji,
            "x".repeat(300),
            "x".repeat(200_000),
            "../../etc",
            "%00",
            "-1",
            "99999999999999999999")) {
      String json =
          ("{'name':$,'new_name':$,'key':$,'value':$,'version':$,'alias':$,'source':$,"
                  + "'filter':$,'order_by':[$],'stage':$,'stages':[$],'run_id':$,'description':$,"
                  + "'page_token':$,'tags':[{'key':$,'value':$}]}")
              .replace("$", "\"" + bad.replace("'", "\\u0027") + "\"");
      Answer answer = call(method, path, json);
      assertThat(answer.status()).as(path + " " + bad + ": " + answer.text()).isLessThan(500);
      if (answer.status() >= 400) {
        assertThat(answer.body().path("error_code").asString()).isNotEmpty();
        assertThat(answer.text()).doesNotContain("insert into", "update registered_models");
      }
    }
    for (String wrongType : List.of("5", "[]", "{}", "true", "1.5")) {
      String json =
          "{'name':$,'new_name':$,'key':$,'alias':$,'version':$,'filter':$,'page_token':$}"
              .replace("$", wrongType);
      assertThat(error(call(method, path, json))).startsWith("400 INVALID_PARAMETER_VALUE");
    }
    if (!path.endsWith("search")) {
      assertThat(error(call(method, path, "{}")))
          .startsWith("400 INVALID_PARAMETER_VALUE Missing value for required parameter 'name'.");
    }
  }
}
