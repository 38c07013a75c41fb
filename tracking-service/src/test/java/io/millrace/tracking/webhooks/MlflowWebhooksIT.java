package io.millrace.tracking.webhooks;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.tracking.RunningTracking;
import io.millrace.tracking.RunningTracking.Answer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** MLflow's webhooks, seen from outside. */
class MlflowWebhooksIT {

  private static final String PATH = "/api/2.0/mlflow/webhooks";
  private static final String VERSION_CREATED =
      "'events':[{'entity':'MODEL_VERSION','action':'CREATED'}]";

  private final RunningTracking tracking = RunningTracking.shared();
  private final Receiver receiver = new Receiver(Receiver.Answer.status(200));
  private final String model = "m-" + UUID.randomUUID();
  private final List<String> made = new ArrayList<>();

  @AfterEach
  void deleteAll() {
    made.forEach(id -> tracking.send("DELETE", PATH + "/" + id, ""));
    receiver.close();
  }

  private JsonNode make(String more) {
    Answer answer =
        tracking.post(PATH, "{'name':'hook','url':'%s',%s}".formatted(receiver.url(), more));
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    JsonNode webhook = answer.body().path("webhook");
    made.add(webhook.path("webhook_id").asString());
    return webhook;
  }

  private static String id(JsonNode webhook) {
    return webhook.path("webhook_id").asString();
  }

  private static String error(Answer answer) {
    return answer.status()
        + " "
        + answer.body().path("error_code").asString("")
        + " "
        + answer.body().path("message").asString("");
  }

  @Test
  void answersInTheFormOfTheContract() {
    JsonNode webhook = make(VERSION_CREATED + ",'description':'d','secret':'topsecret'");
    assertThat(webhook.propertyNames())
        .containsExactlyInAnyOrder(
            "webhook_id",
            "name",
            "description",
            "url",
            "events",
            "status",
            "creation_timestamp",
            "last_updated_timestamp");
    assertThat(webhook.path("events").toString())
        .isEqualTo("[{\"entity\":\"MODEL_VERSION\",\"action\":\"CREATED\"}]");
    assertThat(webhook.path("status").asString()).isEqualTo("ACTIVE");
    assertThat(webhook.path("creation_timestamp").isNumber()).isTrue();
    Answer got = tracking.get("/ajax-api/2.0/mlflow/webhooks/" + id(webhook));
    assertThat(got.body().path("webhook")).isEqualTo(webhook);
    assertThat(got.text()).doesNotContain("topsecret").doesNotContain("secret");

    JsonNode plain = make(VERSION_CREATED + ",'status':'DISABLED'");
    assertThat(plain.has("description")).isFalse();
    assertThat(plain.path("status").asString()).isEqualTo("DISABLED");
    Answer list = tracking.get(PATH + "?max_results=1");
    assertThat(list.body().at("/webhooks/0/webhook_id").asString()).isEqualTo(id(plain));
    Answer next =
        tracking.get(
            PATH + "?max_results=1&page_token=" + list.body().path("next_page_token").asString());
    assertThat(next.body().at("/webhooks/0/webhook_id").asString()).isEqualTo(id(webhook));
    assertThat(tracking.get(PATH + "?max_results=0").body().path("webhooks").size())
        .isGreaterThanOrEqualTo(2);
  }

  @Test
  void changesWhatIsGiven() {
    JsonNode webhook = make(VERSION_CREATED);
    Answer changed =
        tracking.send(
            "PATCH",
            PATH + "/" + id(webhook),
            "{'name':'other','url':'','status':'DISABLED','events':[{'entity':'MODEL_VERSION_TAG','action':'SET'}]}");
    assertThat(changed.status()).as(changed.text()).isEqualTo(200);
    JsonNode after = changed.body().path("webhook");
    assertThat(after.path("name").asString()).isEqualTo("other");
    assertThat(after.path("url")).isEqualTo(webhook.path("url"));
    assertThat(after.path("status").asString()).isEqualTo("DISABLED");
    assertThat(after.at("/events/0/entity").asString()).isEqualTo("MODEL_VERSION_TAG");
    assertThat(tracking.send("DELETE", PATH + "/" + id(webhook), "").text()).isEqualTo("{}");
    assertThat(error(tracking.get(PATH + "/" + id(webhook))))
        .isEqualTo(
            "404 RESOURCE_DOES_NOT_EXIST Webhook with ID %s not found.".formatted(id(webhook)));
  }

  @Test
  void tellsOfARegisteredVersion() {
    make(VERSION_CREATED + ",'secret':'topsecret'");
    tracking.mlflow("registered-models/create", "{'name':'%s'}".formatted(model));
    tracking.mlflow(
        "model-versions/create",
        "{'name':'%s','source':'runs:/abc/model','run_id':'abc','description':'first','tags':[{'key':'k','value':'v'}]}"
            .formatted(model));
    Receiver.Call call = receiver.await(it -> it.body().contains(model));
    assertThat(call.mlflowSignedWith("topsecret")).isTrue();
    assertThat(call.headers().get("x-mlflow-delivery-id")).matches("[0-9a-f-]{36}");
    assertThat(call.headers().get("content-type")).isEqualTo("application/json");
    JsonNode body = call.json();
    assertThat(body.path("entity").asString()).isEqualTo("model_version");
    assertThat(body.path("action").asString()).isEqualTo("created");
    assertThat(Instant.parse(body.path("timestamp").asString())).isBefore(Instant.now());
    assertThat(body.path("data").toString())
        .isEqualTo(
            "{\"name\":\"%s\",\"version\":\"1\",\"source\":\"runs:/abc/model\",\"run_id\":\"abc\",\"tags\":{\"k\":\"v\"},\"description\":\"first\"}"
                .formatted(model));
  }

  private static String pairs(String... pairs) {
    return java.util.stream.Stream.of(pairs)
        .map(pair -> pair.split("\\."))
        .map(pair -> "{'entity':'%s','action':'%s'}".formatted(pair[0], pair[1]))
        .collect(java.util.stream.Collectors.joining(",", "'events':[", "]"));
  }

  private List<String> told(int count) {
    return receiver.await(count).stream()
        .map(Receiver.Call::json)
        .map(
            body ->
                body.path("entity").asString()
                    + "."
                    + body.path("action").asString()
                    + " "
                    + body.path("data"))
        .toList();
  }

  @Test
  void tellsOfModelsTagsAndAliases() {
    make(
        pairs(
            "REGISTERED_MODEL.CREATED",
            "MODEL_VERSION_TAG.SET",
            "MODEL_VERSION_TAG.DELETED",
            "MODEL_VERSION_ALIAS.CREATED",
            "MODEL_VERSION_ALIAS.DELETED"));
    tracking.mlflow(
        "registered-models/create",
        "{'name':'%s','description':'d','tags':[{'key':'k','value':'v'}]}".formatted(model));
    tracking.mlflow(
        "model-versions/create", "{'name':'%s','source':'runs:/abc/model'}".formatted(model));
    tracking.mlflow(
        "model-versions/set-tag",
        "{'name':'%s','version':'1','key':'a','value':'b'}".formatted(model));
    tracking.send(
        "DELETE",
        "/api/2.0/mlflow/model-versions/delete-tag",
        "{'name':'%s','version':'1','key':'a'}".formatted(model));
    tracking.mlflow(
        "registered-models/alias",
        "{'name':'%s','alias':'champion','version':'1'}".formatted(model));
    tracking.send(
        "DELETE",
        "/api/2.0/mlflow/registered-models/alias",
        "{'name':'%s','alias':'champion'}".formatted(model));
    assertThat(told(5).stream().map(told -> told.replace(model, "M")))
        .containsExactly(
            "registered_model.created {\"name\":\"M\",\"tags\":{\"k\":\"v\"},\"description\":\"d\"}",
            "model_version_tag.set {\"name\":\"M\",\"version\":\"1\",\"key\":\"a\",\"value\":\"b\"}",
            "model_version_tag.deleted {\"name\":\"M\",\"version\":\"1\",\"key\":\"a\"}",
            "model_version_alias.created {\"name\":\"M\",\"alias\":\"champion\",\"version\":\"1\"}",
            "model_version_alias.deleted {\"name\":\"M\",\"alias\":\"champion\"}");
  }

  @Test
  void tellsOfPromptsInTheirOwnWords() {
    make(
        pairs(
            "REGISTERED_MODEL.CREATED",
            "MODEL_VERSION.CREATED",
            "PROMPT.CREATED",
            "PROMPT_VERSION.CREATED",
            "PROMPT_TAG.SET",
            "PROMPT_TAG.DELETED",
            "PROMPT_VERSION_TAG.SET",
            "PROMPT_ALIAS.CREATED",
            "PROMPT_ALIAS.DELETED"));
    tracking.mlflow(
        "registered-models/create",
        "{'name':'%s','tags':[{'key':'mlflow.prompt.is_prompt','value':'true'},{'key':'k','value':'v'}]}"
            .formatted(model));
    tracking.mlflow(
        "model-versions/create",
        "{'name':'%s','source':'dummy-source','description':'first','tags':[{'key':'mlflow.prompt.is_prompt','value':'true'},{'key':'mlflow.prompt.text','value':'Hello {{name}}'}]}"
            .formatted(model));
    // Tags of something new are those it has when the message is made.
    receiver.await(2);
    tracking.mlflow(
        "registered-models/set-tag", "{'name':'%s','key':'team','value':'t'}".formatted(model));
    tracking.send(
        "DELETE",
        "/api/2.0/mlflow/registered-models/delete-tag",
        "{'name':'%s','key':'team'}".formatted(model));
    tracking.mlflow(
        "model-versions/set-tag",
        "{'name':'%s','version':'1','key':'a','value':'b'}".formatted(model));
    tracking.mlflow(
        "registered-models/alias", "{'name':'%s','alias':'live','version':'1'}".formatted(model));
    tracking.send(
        "DELETE",
        "/api/2.0/mlflow/registered-models/alias",
        "{'name':'%s','alias':'live'}".formatted(model));
    assertThat(told(7).stream().map(told -> told.replace(model, "P")))
        .containsExactly(
            "prompt.created {\"name\":\"P\",\"tags\":{\"k\":\"v\"},\"description\":\"\"}",
            "prompt_version.created {\"name\":\"P\",\"version\":\"1\",\"template\":\"Hello {{name}}\",\"tags\":{},\"description\":\"first\"}",
            "prompt_tag.set {\"name\":\"P\",\"key\":\"team\",\"value\":\"t\"}",
            "prompt_tag.deleted {\"name\":\"P\",\"key\":\"team\"}",
            "prompt_version_tag.set {\"name\":\"P\",\"version\":\"1\",\"key\":\"a\",\"value\":\"b\"}",
            "prompt_alias.created {\"name\":\"P\",\"alias\":\"live\",\"version\":\"1\"}",
            "prompt_alias.deleted {\"name\":\"P\",\"alias\":\"live\"}");
  }

  @Test
  void saysWhatIsNotThereAsNull() {
    make(VERSION_CREATED);
    tracking.mlflow("registered-models/create", "{'name':'%s'}".formatted(model));
    tracking.mlflow(
        "model-versions/create", "{'name':'%s','source':'runs:/abc/model'}".formatted(model));
    Receiver.Call call = receiver.await(it -> it.body().contains(model));
    assertThat(call.headers()).doesNotContainKey("x-mlflow-signature");
    assertThat(call.json().at("/data/run_id").isNull()).isTrue();
    assertThat(call.json().at("/data/description").isNull()).isTrue();
    assertThat(call.json().at("/data/tags").toString()).isEqualTo("{}");
  }

  @Test
  void testsAReceiver() {
    JsonNode webhook = make(VERSION_CREATED + ",'secret':'topsecret'");
    Answer tested = tracking.post(PATH + "/" + id(webhook) + "/test", "{}");
    assertThat(tested.body().path("result").toString())
        .isEqualTo("{\"success\":true,\"response_status\":200,\"response_body\":\"\"}");
    Receiver.Call call = receiver.await(1).getFirst();
    assertThat(call.mlflowSignedWith("topsecret")).isTrue();
    assertThat(call.json().path("entity").asString()).isEqualTo("model_version");
    receiver.answers(Receiver.Answer.status(500));
    JsonNode failed =
        tracking
            .post(
                PATH + "/" + id(webhook) + "/test",
                "{'event':{'entity':'PROMPT_VERSION','action':'CREATED'}}")
            .body()
            .path("result");
    assertThat(failed.path("success").asBoolean()).isFalse();
    assertThat(failed.path("response_status").asInt()).isEqualTo(500);
    assertThat(receiver.calls().getLast().json().at("/data/template").asString())
        .contains("{{name}}");
    receiver.close();
    JsonNode nobody = tracking.post(PATH + "/" + id(webhook) + "/test", "{}").body().path("result");
    assertThat(nobody.path("success").asBoolean()).isFalse();
    assertThat(nobody.has("response_status")).isFalse();
    assertThat(nobody.path("error_message").asString()).contains("refused");
  }

  @Test
  void hasExamplesOfEveryPair() {
    JsonNode webhook = make(VERSION_CREATED);
    for (RegistryEntity entity : RegistryEntity.values()) {
      for (RegistryAction action : entity.actions()) {
        Answer tested =
            tracking.post(
                PATH + "/" + id(webhook) + "/test",
                "{'event':{'entity':'%s','action':'%s'}}".formatted(entity, action));
        assertThat(tested.body().at("/result/success").asBoolean()).isTrue();
        JsonNode told = receiver.calls().getLast().json();
        assertThat(told.path("entity").asString()).isEqualTo(entity.lower());
        assertThat(told.path("action").asString()).isEqualTo(action.lower());
        assertThat(told.at("/data/name").asString()).startsWith("example");
      }
    }
  }

  @Test
  void isSeenAndReplayedOnTheOtherApi() {
    JsonNode webhook = make(VERSION_CREATED);
    Answer seen = tracking.get("/api/v1/webhooks/" + id(webhook));
    assertThat(seen.body().path("form").asString()).isEqualTo("MLFLOW");
    assertThat(seen.body().at("/types/0").asString()).isEqualTo("model_version.created");
    assertThat(
            tracking
                .send("PATCH", "/api/v1/webhooks/" + id(webhook), "{'name':'x'}")
                .body()
                .path("code")
                .asString())
        .isEqualTo("mlflow-webhook");
    assertThat(
            tracking
                .post("/api/v1/webhooks/" + id(webhook) + "/rotate", "")
                .body()
                .path("code")
                .asString())
        .isEqualTo("mlflow-webhook");
    assertThat(
            tracking
                .post("/api/v1/webhooks/" + id(webhook) + "/test", "")
                .body()
                .path("success")
                .asBoolean())
        .isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          {}                                                         | Missing value for required parameter 'name'.
          {'name':'n'}                                               | Missing value for required parameter 'url'.
          {'name':'n','url':'U'}                                     | Missing value for required parameter 'events'.
          {'name':'n','url':'U','events':[]}                         | Missing value for required parameter 'events'.
          {'name':'n','url':'U','events':'x'}                        | Invalid value "x" for parameter 'events' supplied
          {'name':'n','url':'U','events':[{}]}                       | Missing value for required parameter 'events[0].entity'.
          {'name':'n','url':'U','events':[{'entity':'PROMPT'}]}      | Missing value for required parameter 'events[0].action'.
          {'name':'n','url':'U','events':[{'entity':'X','action':'SET'}]} | Invalid value "X" for parameter 'events[0].entity'
          {'name':'n','url':'U','events':[{'entity':'REGISTERED_MODEL','action':'SET'}]} | Invalid action 'set' for entity 'registered_model'. Valid actions are: ['created']
          {'name':'n','url':'U','events':[{'entity':'PROMPT_TAG','action':'CREATED'}]} | Invalid action 'created' for entity 'prompt_tag'. Valid actions are: ['set', 'deleted']
          {'name':'n','url':'U','EVENTS','status':'ON'}              | Invalid value "ON" for parameter 'status'
          {'name':'n!','url':'U','EVENTS'}                           | Webhook name 'n!' is invalid
          {'name':'NAME64','url':'U','EVENTS'}                       | is invalid: it has 1 to 63
          {'name':'n','url':'ftp://x/','EVENTS'}                     | is not a whole URL
          {'name':'n','url':'http://10.9.8.7/','EVENTS'}             | Webhook URL must not resolve to a non-public IP address. '10.9.8.7' resolves to 10.9.8.7.
          {'name':'n','url':'http://u@127.0.0.1/','EVENTS'}          | user name or password
          {'name':7,'url':'U','EVENTS'}                              | Invalid value 7 for parameter 'name' supplied
          """)
  void refusesBadInput(String body, String message) {
    long before = tracking.count("select count(*) as n from webhooks");
    Answer answer =
        tracking.post(
            PATH,
            body.replace("'EVENTS'", VERSION_CREATED)
                .replace("NAME64", "a".repeat(64))
                .replace("'U'", "'http://127.0.0.1/'"));
    assertThat(error(answer)).startsWith("400 INVALID_PARAMETER_VALUE").contains(message);
    assertThat(tracking.count("select count(*) as n from webhooks")).isEqualTo(before);
  }

  @Test
  void refusesBadCallsOnEveryEndpoint() {
    JsonNode webhook = make(VERSION_CREATED);
    assertThat(error(tracking.get(PATH + "?max_results=1001")))
        .startsWith("400 INVALID_PARAMETER_VALUE");
    assertThat(error(tracking.get(PATH + "?page_token=x")))
        .startsWith("400 INVALID_PARAMETER_VALUE");
    assertThat(
            error(tracking.send("PATCH", PATH + "/" + id(webhook), "{'url':'http://10.0.0.1/'}")))
        .contains("non-public");
    assertThat(
            error(
                tracking.post(
                    PATH + "/" + id(webhook) + "/test",
                    "{'event':{'entity':'PROMPT','action':'SET'}}")))
        .startsWith("400 INVALID_PARAMETER_VALUE");
    String missing = "404 RESOURCE_DOES_NOT_EXIST Webhook with ID none not found.";
    assertThat(error(tracking.get(PATH + "/none"))).isEqualTo(missing);
    assertThat(error(tracking.send("PATCH", PATH + "/none", "{}"))).isEqualTo(missing);
    assertThat(error(tracking.send("DELETE", PATH + "/none", ""))).isEqualTo(missing);
    assertThat(error(tracking.post(PATH + "/none/test", "{}"))).isEqualTo(missing);
    Answer standard =
        tracking.post("/api/v1/webhooks", "{'name':'n','url':'%s'}".formatted(receiver.url()));
    String id = standard.body().path("id").asString();
    assertThat(tracking.get(PATH + "/" + id).status()).isEqualTo(404);
    assertThat(tracking.send("DELETE", PATH + "/" + id, "").status()).isEqualTo(404);
    assertThat(tracking.send("DELETE", "/api/v1/webhooks/" + id, "").status()).isEqualTo(204);
    assertThat(tracking.get(PATH + "/" + id(webhook)).body().path("webhook")).isEqualTo(webhook);
  }
}
