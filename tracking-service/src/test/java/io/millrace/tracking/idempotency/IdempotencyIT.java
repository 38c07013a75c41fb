package io.millrace.tracking.idempotency;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.tracking.RunningTracking;
import io.millrace.tracking.RunningTracking.Answer;
import java.net.http.HttpRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Creates that come again under their key. */
class IdempotencyIT {

  private final RunningTracking tracking = RunningTracking.shared();
  private final String name = "i-" + UUID.randomUUID();
  private final String key = UUID.randomUUID().toString();

  private Answer send(String call, String json, String key) {
    return tracking.post("/api/2.0/mlflow/" + call, json, "Idempotency-Key", key);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "experiments/create|{'name':'N'}",
        "runs/create|{'experiment_id':'0','run_name':'N'}",
        "registered-models/create|{'name':'N'}",
      })
  void givesTheFirstAnswerAgain(String call, String json) {
    String body = json.replace("N", name);
    Answer first = send(call, body, key);
    Answer again = send(call, " " + body, "\"" + key + "\"");
    Answer other = send(call, body.replace(name, name + "-other"), key);

    assertThat(first.status()).as(first.text()).isEqualTo(200);
    assertThat(again).isEqualTo(first);
    assertThat(other.status()).isEqualTo(409);
    assertThat(other.body().path("error_code").asString()).isEqualTo("RESOURCE_CONFLICT");
    assertThat(other.body().path("message").asString()).contains(key);
  }

  @Test
  void addsAVersionOnceHoweverManyAskTogether() throws Exception {
    tracking.mlflow("registered-models/create", "{'name':'%s'}".formatted(name));
    String body = "{'name':'%s','source':'s3://b/m'}".formatted(name);
    List<String> answers = new ArrayList<>();
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<Answer> answer :
          IntStream.range(0, 12)
              .mapToObj(i -> threads.submit(() -> send("model-versions/create", body, key)))
              .toList()) {
        assertThat(answer.get().status()).isEqualTo(200);
        answers.add(answer.get().text());
      }
    }
    assertThat(answers.stream().distinct()).hasSize(1);
    assertThat(tracking.count("select count(*) as n from model_versions where name = $1", name))
        .isEqualTo(1);
  }

  @Test
  void decidesAnewWhatWasRefused() {
    String body = "{'name':'%s','source':'s3://b/m'}".formatted(name);
    assertThat(send("model-versions/create", body, key).status()).isEqualTo(404);
    tracking.mlflow("registered-models/create", "{'name':'%s'}".formatted(name));

    assertThat(send("model-versions/create", body, key).status()).isEqualTo(200);
    assertThat(
            send("model-versions/create", body, key).body().at("/model_version/version").asString())
        .isEqualTo("1");
  }

  @Test
  void forgetsAfterADay() {
    send("registered-models/create", "{'name':'%s'}".formatted(name), key);
    tracking
        .database()
        .inTransactionVoid(
            tx ->
                tx.update(
                    "update idempotent_answers set at = at - interval '24 hours' where key = $1",
                    key));

    assertThat(send("registered-models/create", "{'name':'%s'}".formatted(name), key).status())
        .as("carried out again, and so refused")
        .isEqualTo(400);
    assertThat(send("registered-models/create", "{'name':'%s-b'}".formatted(name), key).status())
        .isEqualTo(200);
  }

  @Test
  void keepsTheStatusOfApiCreates() {
    Answer first = applied(RunningTracking.definition(name));
    Answer again = applied(RunningTracking.definition(name));
    Answer other = applied(RunningTracking.definition(name + "-other"));

    assertThat(first.status()).isEqualTo(201);
    assertThat(again).isEqualTo(first);
    assertThat(other.status()).isEqualTo(409);
    assertThat(other.body().path("code").asString()).isEqualTo("idempotency-key-reused");
  }

  private Answer applied(String yaml) {
    return tracking.send(
        HttpRequest.newBuilder(tracking.uri("/api/v1/pipelines"))
            .header("Content-Type", "text/yaml")
            .header("Idempotency-Key", key)
            .POST(HttpRequest.BodyPublishers.ofString(yaml)));
  }

  @Test
  void refusesAKeyThatCannotBeOne() {
    for (String bad : List.of("\"\"", "x".repeat(256))) {
      assertThat(send("registered-models/create", "{'name':'%s'}".formatted(name), bad).status())
          .isEqualTo(400);
    }
  }
}
