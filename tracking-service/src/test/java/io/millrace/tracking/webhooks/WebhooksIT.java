package io.millrace.tracking.webhooks;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.database.Database;
import io.millrace.events.ModelPromoted;
import io.millrace.events.WebhookDisabled;
import io.millrace.schemas.Topics;
import io.millrace.tracking.RunningTracking;
import io.millrace.tracking.RunningTracking.Answer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;

/** Webhooks from the event to the receiver. */
class WebhooksIT {

  private static final String PATH = "/api/v1/webhooks";

  private final RunningTracking tracking = RunningTracking.shared();
  private final Receiver receiver = new Receiver(Receiver.Answer.status(200));
  private final String model = "m-" + UUID.randomUUID();
  private final List<String> made = new ArrayList<>();

  @AfterEach
  void deleteAll() {
    made.forEach(id -> tracking.send("DELETE", PATH + "/" + id, ""));
    receiver.close();
  }

  private JsonNode make(Receiver to, String more) {
    Answer answer =
        tracking.post(
            PATH, "{'name':'hook','url':'%s','models':['%s']%s}".formatted(to.url(), model, more));
    assertThat(answer.status()).as(answer.text()).isEqualTo(201);
    made.add(answer.body().path("id").asString());
    return answer.body();
  }

  private String id(JsonNode webhook) {
    return webhook.path("id").asString();
  }

  private Answer post(String path, String json) {
    return tracking.post(PATH + "/" + path, json);
  }

  private JsonNode shown(String id) {
    return tracking.get(PATH + "/" + id).body();
  }

  private void happens(String ofModel, long revision) {
    tracking.publish(
        Topics.PROMOTIONS,
        ofModel,
        ModelPromoted.newBuilder()
            .setModelName(ofModel)
            .setVersion(1)
            .setEnvironment("production")
            .setRevision(revision)
            .setCause("MANUAL")
            .setBy(List.of("ada"))
            .build());
  }

  private static long revision(Receiver.Call call) {
    return call.json().at("/data/revision").asLong();
  }

  private JsonNode deliveries(String id) {
    return tracking.get(PATH + "/" + id + "/deliveries").body().path("items");
  }

  private JsonNode awaitDelivery(String id, String status) {
    Awaitility.await(status)
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> deliveries(id).at("/0/status").asString("").equals(status));
    return deliveries(id).get(0);
  }

  private void query(String sql, Object... args) {
    tracking.database().inTransactionVoid(tx -> tx.update(sql, args));
  }

  @Test
  void tellsOfAnEventWithASignatureThatHolds() {
    JsonNode webhook = make(receiver, ",'types':['ModelPromoted']");
    assertThat(webhook.path("secret").asString()).startsWith("whsec_");
    assertThat(shown(id(webhook)).has("secret")).isFalse();

    happens(model, 7);

    Receiver.Call call = receiver.await(1).getFirst();
    assertThat(call.signedWith(webhook.path("secret").asString())).isTrue();
    assertThat(call.signedWith(Signatures.newSecret())).isFalse();
    assertThat(call.json().path("type").asString()).isEqualTo("ModelPromoted");
    assertThat(call.json().at("/data/modelName").asString()).isEqualTo(model);
    assertThat(call.json().path("key").asString()).isEqualTo(model);
    assertThat(Instant.parse(call.json().path("timestamp").asString()))
        .isBetween(Instant.now().minusSeconds(60), Instant.now().plusSeconds(1));
    assertThat(call.id()).matches("msg_[0-9a-f]{32}");

    JsonNode delivery = awaitDelivery(id(webhook), "DELIVERED");
    assertThat(delivery.path("messageId").asString()).isEqualTo(call.id());
    assertThat(delivery.path("attempts").asInt()).isEqualTo(1);
    assertThat(delivery.path("responseStatus").asInt()).isEqualTo(200);
    JsonNode whole =
        tracking
            .get(PATH + "/" + id(webhook) + "/deliveries/" + delivery.path("id").asLong())
            .body();
    assertThat(whole.path("body").toString()).isEqualTo(call.body());
    assertThat(whole.path("attemptLog")).hasSize(1);
  }

  @Test
  void tellsOnlyWhatIsWanted() {
    make(receiver, ",'types':['ModelPromoted']");
    Receiver other = new Receiver(Receiver.Answer.status(200));
    Answer everythingOfAFlow =
        tracking.post(
            PATH, "{'name':'flow','url':'%s','flows':['flow-%s']}".formatted(other.url(), model));
    made.add(id(everythingOfAFlow.body()));

    happens("another-" + model, 1);
    tracking.mlflow("registered-models/create", "{'name':'%s'}".formatted(model));
    tracking.mlflow("model-versions/create", "{'name':'%s','source':'runs:/r/m'}".formatted(model));
    happens(model, 2);
    tracking.request("flow-" + model, "no-such-pipeline");

    assertThat(receiver.await(1).getFirst().json().path("type").asString())
        .isEqualTo("ModelPromoted");
    List<Receiver.Call> calls = other.await(2);
    assertThat(calls)
        .extracting(call -> call.json().path("type").asString())
        .containsExactlyInAnyOrder("TrainRequested", "TrainingRejected");
    assertThat(calls.getFirst().json().path("flowId").asString()).isEqualTo("flow-" + model);
    assertThat(receiver.calls()).hasSize(1);
    other.close();
  }

  @Test
  void filtersByThePipelineOfTheRequest() {
    Answer answer =
        tracking.post(
            PATH,
            "{'name':'hook','url':'%s','types':['RunQueued','PipelineApplied'],'pipelines':['%s']}"
                .formatted(receiver.url(), model));
    made.add(id(answer.body()));
    tracking.apply(model);
    tracking.apply("other-" + model);
    tracking.queued("other-" + model, "other-req-" + model);
    tracking.queued(model, "req-" + model);
    receiver.await(2);
    tracking.settle();
    assertThat(receiver.calls())
        .extracting(
            call ->
                call.json().path("type").asString() + " " + call.json().path("flowId").asString(""))
        .containsExactlyInAnyOrder("PipelineApplied ", "RunQueued req-" + model);
  }

  /** Nothing that a delivery leads to is told of, or telling would never end. */
  @Test
  void tellsOfWebhooksThatPeopleChangeAndNeitherTheirSecretsNorTheirDeliveries() {
    String types = "'types':['WebhookCreated','WebhookUpdated','WebhookDeleted','WebhookDisabled']";
    receiver.answers((exchange, call) -> exchange.sendResponseHeaders(call == 1 ? 500 : 200, -1));
    JsonNode webhook =
        tracking
            .post(
                PATH,
                "{'name':'all','url':'%s/hidden?hidden=1',%s}".formatted(receiver.url(), types))
            .body();
    String id = id(webhook);
    made.add(id);
    String rotated = post(id + "/rotate", "").body().path("secret").asString();
    tracking.send("PATCH", PATH + "/" + id, "{'description':'d'}");
    String other = id(make(receiver, ",'enabled':false"));
    tracking.send("DELETE", PATH + "/" + other, "");
    Awaitility.await("all are told")
        .atMost(Duration.ofSeconds(30))
        .until(() -> told(id).size() == 3 && told(other).size() == 2);
    tracking.settle();
    Awaitility.await("the history has become deliveries").until(this::fannedOut);
    assertThat(told(id)).containsExactly("WebhookCreated", "WebhookUpdated", "WebhookUpdated");
    assertThat(told(other)).containsExactly("WebhookCreated", "WebhookDeleted");
    assertThat(receiver.calls())
        .noneMatch(call -> call.body().contains("hidden"))
        .noneMatch(call -> call.body().contains("whsec_"))
        .noneMatch(call -> call.body().contains(rotated));
  }

  /** What the receiver was told of a webhook, each event once. */
  private List<String> told(String id) {
    Map<String, String> types = new LinkedHashMap<>();
    for (Receiver.Call call : receiver.calls()) {
      if (call.json().path("key").asString().equals(id)) {
        types.put(call.id(), call.json().path("type").asString());
      }
    }
    return List.copyOf(types.values());
  }

  @Test
  void triesAgainWithTheSameIdAndBodyUntilItIsTaken() {
    receiver.answers(
        (exchange, call) -> {
          byte[] body = "try later".getBytes();
          exchange.sendResponseHeaders(call < 4 ? 500 : 200, body.length);
          exchange.getResponseBody().write(body);
        });
    JsonNode webhook = make(receiver, "");
    happens(model, 1);

    List<Receiver.Call> calls = receiver.await(4);
    JsonNode delivery = awaitDelivery(id(webhook), "DELIVERED");
    assertThat(calls).extracting(Receiver.Call::id).containsOnly(calls.getFirst().id());
    assertThat(calls).extracting(Receiver.Call::body).containsOnly(calls.getFirst().body());
    assertThat(calls).allMatch(call -> call.signedWith(webhook.path("secret").asString()));
    assertThat(delivery.path("attempts").asInt()).isEqualTo(4);
    JsonNode log =
        tracking
            .get(PATH + "/" + id(webhook) + "/deliveries/" + delivery.path("id").asLong())
            .body()
            .path("attemptLog");
    assertThat(log)
        .extracting(attempt -> attempt.path("responseStatus").asInt())
        .containsExactly(500, 500, 500, 200);
    assertThat(log.get(0).path("response").asString()).isEqualTo("try later");
    assertThat(shown(id(webhook)).path("failures").asInt()).isZero();
  }

  @Test
  void keepsTheOrderOfAKeyThroughFailures() {
    receiver.answers((exchange, call) -> exchange.sendResponseHeaders(call <= 3 ? 503 : 200, -1));
    make(receiver, "");
    for (int i = 1; i <= 5; i++) {
      happens(model, i);
    }
    List<Receiver.Call> calls = receiver.await(8);
    assertThat(calls)
        .extracting(WebhooksIT::revision)
        .containsExactly(1L, 1L, 1L, 1L, 2L, 3L, 4L, 5L);
  }

  @Test
  void givesUpInTheEndAndIsReplayedByHand() {
    receiver.answers(Receiver.Answer.status(500));
    JsonNode webhook = make(receiver, "");
    happens(model, 1);
    JsonNode failed = awaitDelivery(id(webhook), "FAILED");
    assertThat(failed.path("attempts").asInt()).isEqualTo(7);
    assertThat(failed.has("nextAttemptAt")).isFalse();

    receiver.answers(Receiver.Answer.status(200));
    String replay = id(webhook) + "/deliveries/" + failed.path("id").asLong() + "/replay";
    Answer queued = post(replay, "");
    assertThat(queued.status()).isEqualTo(202);
    assertThat(queued.body().path("replayOf").asLong()).isEqualTo(failed.path("id").asLong());
    JsonNode delivered = awaitDelivery(id(webhook), "DELIVERED");
    assertThat(delivered.path("messageId")).isEqualTo(failed.path("messageId"));
    assertThat(receiver.calls())
        .extracting(Receiver.Call::id)
        .containsOnly(failed.path("messageId").asString());
  }

  @Test
  void replaysWhatWasMissedInATime() {
    JsonNode webhook = make(receiver, "");
    Instant begin = Instant.now().minusSeconds(1);
    happens(model, 1);
    receiver.await(1);
    awaitDelivery(id(webhook), "DELIVERED");
    assertThat(post(id(webhook) + "/disable", "").body().path("status").asString())
        .isEqualTo("DISABLED");
    happens(model, 2);
    tracking.settle();
    Awaitility.await("the history has become deliveries").until(this::fannedOut);
    assertThat(code(post(id(webhook) + "/replay", "{'from':'%s'}".formatted(begin))))
        .isEqualTo("409 webhook-disabled");
    post(id(webhook) + "/enable", "");
    happens(model, 3);
    receiver.await(2);
    assertThat(revision(receiver.calls().get(1))).isEqualTo(3);
    awaitDelivery(id(webhook), "DELIVERED");

    Answer missed = post(id(webhook) + "/replay", "{'from':'%s'}".formatted(begin));
    assertThat(missed.status()).isEqualTo(202);
    assertThat(missed.body().path("queued").asInt()).isEqualTo(1);
    assertThat(revision(receiver.await(3).getLast())).isEqualTo(2);
    awaitDelivery(id(webhook), "DELIVERED");
    assertThat(
            post(id(webhook) + "/replay", "{'from':'%s'}".formatted(begin))
                .body()
                .path("queued")
                .asInt())
        .isZero();

    Answer all = post(id(webhook) + "/replay", "{'from':'%s','delivered':true}".formatted(begin));
    assertThat(all.body().path("queued").asInt()).isEqualTo(3);
    List<Receiver.Call> calls = receiver.await(6);
    assertThat(new HashSet<>(calls.stream().map(Receiver.Call::id).toList())).hasSize(3);
  }

  private boolean fannedOut() {
    return tracking.count(
            "select (select seq from webhook_cursor) - coalesce(max(seq), 0) as n from flow_events")
        == 0;
  }

  @Test
  void signsWithBothSecretsForATimeAfterRotation() {
    JsonNode webhook = make(receiver, "");
    String first = webhook.path("secret").asString();
    Answer rotated = post(id(webhook) + "/rotate", "{'overlap':'1h'}");
    String second = rotated.body().path("secret").asString();
    assertThat(second).startsWith("whsec_").isNotEqualTo(first);
    assertThat(rotated.body().has("previousSecretUntil")).isTrue();
    happens(model, 1);
    Receiver.Call both = receiver.await(1).getFirst();
    assertThat(both.headers().get("webhook-signature").split(" ")).hasSize(2);
    assertThat(both.signedWith(first)).isTrue();
    assertThat(both.signedWith(second)).isTrue();

    query(
        "update webhooks set previous_until = now() - interval '1 second' where webhook_id = $1",
        id(webhook));
    happens(model, 2);
    Receiver.Call one = receiver.await(2).getLast();
    assertThat(one.signedWith(first)).isFalse();
    assertThat(one.signedWith(second)).isTrue();

    Answer own = post(id(webhook) + "/rotate", "{'overlap':'0s','secret':'%s'}".formatted(first));
    assertThat(own.body().path("secret").asString()).isEqualTo(first);
    assertThat(own.body().has("previousSecretUntil")).isFalse();
  }

  @Test
  void keepsSecretsEncrypted() {
    JsonNode webhook = make(receiver, "");
    String stored =
        tracking
            .database()
            .read(
                tx ->
                    tx.query(
                            "select webhooks::text as t from webhooks where webhook_id = $1",
                            row -> row.string("t"),
                            id(webhook))
                        .getFirst());
    assertThat(stored)
        .doesNotContain(webhook.path("secret").asString())
        .doesNotContain(webhook.path("secret").asString().substring("whsec_".length()));
  }

  @Test
  void doesNotCallUnsignedWhereTheSecretCannotBeRead() {
    JsonNode webhook = make(receiver, "");
    query("update webhooks set secret = 'AQAA' where webhook_id = $1", id(webhook));
    happens(model, 1);
    JsonNode failed = awaitDelivery(id(webhook), "FAILED");
    assertThat(failed.path("error").asString()).contains("cannot be decrypted");
    assertThat(receiver.calls()).isEmpty();
  }

  @Test
  void stopsAtOnceWhereTheReceiverIsGone() {
    receiver.answers(Receiver.Answer.status(410));
    JsonNode webhook = make(receiver, "");
    happens(model, 1);
    assertThat(awaitDelivery(id(webhook), "FAILED").path("attempts").asInt()).isEqualTo(1);
    assertThat(shown(id(webhook)).path("status").asString()).isEqualTo("DISABLED");
    assertThat(shown(id(webhook)).path("disabledReason").asString()).contains("410");
    tracking.await(WebhookDisabled.class, event -> event.getWebhookId().equals(id(webhook)));
  }

  @Test
  void isDisabledWhereNothingSucceedsForDays() {
    receiver.answers(Receiver.Answer.status(500));
    JsonNode webhook = make(receiver, "");
    happens(model, 1);
    receiver.await(1);
    query(
        "update webhooks set failing_since = now() - interval '6 days' where webhook_id = $1",
        id(webhook));
    Awaitility.await("disabled")
        .until(() -> shown(id(webhook)).path("status").asString().equals("DISABLED"));
    JsonNode disabled = shown(id(webhook));
    assertThat(disabled.path("disabledReason").asString())
        .startsWith("nothing has succeeded since")
        .endsWith("the receiver answered 500");
    assertThat(disabled.has("disabledAt")).isTrue();
    WebhookDisabled told =
        tracking.await(WebhookDisabled.class, event -> event.getWebhookId().equals(id(webhook)));
    assertThat(told.getReason()).isEqualTo(disabled.path("disabledReason").asString());
    assertThat(told.getName()).isEqualTo("hook");

    // What waited is not lost.
    receiver.answers(Receiver.Answer.status(200));
    int before = receiver.calls().size();
    assertThat(post(id(webhook) + "/enable", "").body().path("failures").asInt()).isZero();
    receiver.await(before + 1);
    awaitDelivery(id(webhook), "DELIVERED");
  }

  @Test
  void letsNobodyWaitBehindAReceiverThatHangs() {
    CountDownLatch end = new CountDownLatch(1);
    Receiver hanging =
        new Receiver(
            (exchange, call) -> {
              try {
                end.await(20, TimeUnit.SECONDS);
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    String slow = id(make(hanging, ""));
    make(receiver, "");
    for (int i = 0; i < 20; i++) {
      tracking.publish(
          Topics.PROMOTIONS,
          "key-" + i,
          ModelPromoted.newBuilder()
              .setModelName(model)
              .setVersion(1)
              .setEnvironment("production")
              .setRevision(i)
              .setCause("MANUAL")
              .setBy(List.of("ada"))
              .build());
    }
    hanging.await(1);
    receiver.await(20);
    long inFlight =
        tracking.count(
            "select count(*) as n from webhook_deliveries where webhook_id = $1 and leased_until is not null",
            slow);
    end.countDown();
    assertThat(inFlight).isBetween(1L, 4L);
    assertThat(hanging.calls().size()).isLessThan(20);
    hanging.close();
  }

  @Test
  void isSharedByReplicasWithoutTellingTwice() {
    make(receiver, "");
    var starting = CompletableFuture.supplyAsync(tracking::replica);
    try (ConfigurableApplicationContext second = tracking.replica();
        ConfigurableApplicationContext third = starting.join()) {
      for (int i = 0; i < 60; i++) {
        tracking.publish(
            Topics.PROMOTIONS,
            "key-" + i % 20,
            ModelPromoted.newBuilder()
                .setModelName(model)
                .setVersion(1)
                .setEnvironment("production")
                .setRevision(i)
                .setCause("MANUAL")
                .setBy(List.of("ada"))
                .build());
      }
      receiver.await(60);
      assertThat(second.getBean(Dispatcher.class).isRunning()).isTrue();
      assertThat(third.getBean(Dispatcher.class).isRunning()).isTrue();
    }
    tracking.settle();
    assertThat(receiver.calls()).hasSize(60);
    assertThat(Set.copyOf(receiver.calls().stream().map(Receiver.Call::id).toList())).hasSize(60);
    // In order per key, whoever attempted it.
    Map<Object, List<Long>> byKey =
        receiver.calls().stream()
            .collect(
                java.util.stream.Collectors.groupingBy(
                    call -> call.json().path("key").asString(),
                    java.util.stream.Collectors.mapping(
                        WebhooksIT::revision, java.util.stream.Collectors.toList())));
    assertThat(byKey.values()).hasSize(20).allSatisfy(told -> assertThat(told).isSorted());
  }

  @Test
  void goesOnAfterARestart() {
    receiver.answers(Receiver.Answer.status(500));
    JsonNode webhook = make(receiver, "");
    happens(model, 1);
    receiver.await(1);
    tracking.stop();
    happens(model, 2);
    receiver.answers(Receiver.Answer.status(200));
    int before = receiver.calls().size();
    tracking.start();
    receiver.await(before + 2);
    awaitDelivery(id(webhook), "DELIVERED");
    List<Receiver.Call> calls = receiver.calls();
    assertThat(calls.get(before).id()).isEqualTo(calls.getFirst().id());
    assertThat(revision(calls.getLast())).isEqualTo(2);
  }

  @Test
  void deliversAgainUnderTheSameIdWhereAProcessDiedAfterTheCall() {
    // All that a killed process leaves behind: a lease, and a receiver that has been told already.
    receiver.answers(Receiver.Answer.status(200));
    JsonNode webhook = make(receiver, "");
    happens(model, 1);
    Receiver.Call first = receiver.await(1).getFirst();
    awaitDelivery(id(webhook), "DELIVERED");
    query(
        """
        update webhook_deliveries
        set status = 'PENDING', ended_at = null, lease = gen_random_uuid(),
            leased_until = now() + interval '1 second'
        where webhook_id = $1
        """,
        id(webhook));
    query(
        "delete from webhook_attempts where delivery_id in (select delivery_id from webhook_deliveries where webhook_id = $1)",
        id(webhook));

    Receiver.Call again = receiver.await(2).getLast();
    assertThat(again.id()).isEqualTo(first.id());
    assertThat(again.body()).isEqualTo(first.body());
    assertThat(Duration.ofNanos(again.nanos() - first.nanos()))
        .isGreaterThan(Duration.ofMillis(900));
    assertThat(awaitDelivery(id(webhook), "DELIVERED").path("attempts").asInt()).isEqualTo(2);
  }

  @Test
  void writesNothingDownThatIsNoLongerItsOwn() {
    JsonNode webhook = make(receiver, "");
    happens(model, 1);
    awaitDelivery(id(webhook), "DELIVERED");
    Deliveries deliveries = tracking.part(Deliveries.class);
    Database database = tracking.database();
    long delivery = deliveries(id(webhook)).at("/0/id").asLong();
    boolean ours =
        database.inTransaction(
            tx ->
                deliveries.settle(
                    tx,
                    new Deliveries.Claimed(delivery, id(webhook), "m", "", 2, UUID.randomUUID()),
                    new io.millrace.tracking.webhooks.outbound.Exchange(
                        500, "", Duration.ZERO, null, null),
                    new Verdict.GivenUp(),
                    Instant.now()));
    assertThat(ours).isFalse();
    assertThat(deliveries(id(webhook)).at("/0/status").asString()).isEqualTo("DELIVERED");
  }

  @Test
  void makesOneDeliveryOfAnEventHoweverOftenTheHistoryIsRead() {
    JsonNode webhook = make(receiver, "");
    happens(model, 1);
    awaitDelivery(id(webhook), "DELIVERED");
    // As if the transaction of the deliveries had been seen and that of the place not.
    query("update webhook_cursor set seq = greatest(0, seq - 5)");
    Awaitility.await("read again").until(this::fannedOut);
    assertThat(deliveries(id(webhook))).hasSize(1);
    assertThat(receiver.calls()).hasSize(1);
  }

  @Test
  void isNotStoppedByAnEventWithAnEndlessKey() {
    String flow = "flow-" + model;
    made.add(
        id(
            tracking
                .post(
                    PATH,
                    "{'name':'hook','url':'%s','flows':['%s']}".formatted(receiver.url(), flow))
                .body()));
    tracking.publishRaw(
        Topics.TRAIN_REQUESTS,
        "k".repeat(20_000),
        "{\"requestId\":\"%s\",\"pipeline\":\"none\"}".formatted(flow).getBytes());
    assertThat(receiver.await(2))
        .extracting(call -> call.json().path("type").asString())
        .contains("TrainRequested");
  }

  @Test
  void testsAReceiverAtOnce() {
    receiver.answers(
        (exchange, call) -> {
          byte[] body = "hello".getBytes();
          exchange.sendResponseHeaders(call == 1 ? 200 : 418, body.length);
          exchange.getResponseBody().write(body);
        });
    JsonNode webhook = make(receiver, ",'types':['DriftDetected'],'enabled':false");
    JsonNode good = post(id(webhook) + "/test", "").body();
    assertThat(good.path("success").asBoolean()).isTrue();
    assertThat(good.path("response").asString()).isEqualTo("hello");
    Receiver.Call call = receiver.calls().getFirst();
    assertThat(call.json().path("type").asString()).isEqualTo("DriftDetected");
    assertThat(call.json().path("test").asBoolean()).isTrue();
    assertThat(call.json().path("data").isEmpty()).isFalse();
    assertThat(call.signedWith(webhook.path("secret").asString())).isTrue();
    JsonNode bad = post(id(webhook) + "/test", "{'type':'RunEnded'}").body();
    assertThat(bad.path("success").asBoolean()).isFalse();
    assertThat(bad.path("responseStatus").asInt()).isEqualTo(418);
    assertThat(deliveries(id(webhook))).isEmpty();
  }

  @Test
  void listsInPages() {
    JsonNode webhook = make(receiver, "");
    for (int i = 1; i <= 5; i++) {
      happens(model, i);
    }
    receiver.await(5);
    List<Long> ids = new ArrayList<>();
    String token = "";
    do {
      JsonNode page =
          tracking.get(PATH + "/" + id(webhook) + "/deliveries?limit=2&pageToken=" + token).body();
      page.path("items").forEach(item -> ids.add(item.path("id").asLong()));
      token = page.path("nextPageToken").asString("");
    } while (!token.isEmpty());
    assertThat(ids).hasSize(5).isSortedAccordingTo(java.util.Comparator.reverseOrder());
    make(receiver, "");
    JsonNode first = tracking.get(PATH + "?limit=1").body();
    assertThat(first.path("items")).hasSize(1);
    assertThat(
            tracking
                .get(PATH + "?limit=1&pageToken=" + first.path("nextPageToken").asString())
                .body()
                .at("/items/0/id")
                .asString())
        .isEqualTo(id(webhook));
  }

  @Test
  void changesWhatIsGivenAndNothingElse() {
    JsonNode webhook = make(receiver, ",'types':['ModelPromoted'],'description':'d'");
    Answer changed =
        tracking.send("PATCH", PATH + "/" + id(webhook), "{'name':'other','types':[]}");
    assertThat(changed.status()).isEqualTo(200);
    assertThat(changed.body().path("name").asString()).isEqualTo("other");
    assertThat(changed.body().path("types")).isEmpty();
    assertThat(changed.body().path("description").asString()).isEqualTo("d");
    assertThat(changed.body().at("/models/0").asString()).isEqualTo(model);
    tracking.send("PATCH", PATH + "/" + id(webhook), "{'enabled':false}");
    assertThat(shown(id(webhook)).path("disabledReason").asString())
        .isEqualTo("disabled by request");
    assertThat(tracking.send("DELETE", PATH + "/" + id(webhook), "").status()).isEqualTo(204);
    assertThat(tracking.get(PATH + "/" + id(webhook)).status()).isEqualTo(404);
    assertThat(tracking.send("DELETE", PATH + "/" + id(webhook), "").status()).isEqualTo(404);
  }

  @Test
  void forgetsWhatWaitsForADeletedWebhook() {
    receiver.answers(Receiver.Answer.status(500));
    JsonNode webhook = make(receiver, "");
    happens(model, 1);
    receiver.await(1);
    tracking.send("DELETE", PATH + "/" + id(webhook), "");
    assertThat(
            tracking.count(
                "select count(*) as n from webhook_deliveries where webhook_id = $1 and status = 'PENDING'",
                id(webhook)))
        .isZero();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          not json                                                           | 400 malformed-json
          []                                                                 | 400 malformed-json
          {'name':'n','url':'http://127.0.0.1/','type':'ModelPromoted'}      | 400 malformed-json
          {'name':7,'url':{}}                                                | 400 malformed-json
          {'name':'n','url':'http://127.0.0.1/','types':'ModelPromoted'}     | 400 malformed-json
          {}                                                                 | 422 missing-field
          {'name':'n'}                                                       | 422 missing-field
          {'name':'','url':'http://127.0.0.1/'}                              | 422 missing-field
          {'name':'-n','url':'http://127.0.0.1/'}                            | 422 invalid-name
          {'name':'a b','url':'http://127.0.0.1/'}                           | 422 invalid-name
          {'name':'n','url':'ftp://127.0.0.1/'}                              | 422 invalid-url
          {'name':'n','url':'http://u:p@127.0.0.1/'}                         | 422 invalid-url
          {'name':'n','url':'http://169.254.169.254/'}                       | 422 address-refused
          {'name':'n','url':'http://10.0.0.1/'}                              | 422 address-refused
          {'name':'n','url':'http://127.0.0.2/'}                             | 422 address-refused
          {'name':'n','url':'http://127.0.0.1/','types':['ModelPromotd']}    | 422 invalid-type
          {'name':'n','url':'http://127.0.0.1/','types':[null]}              | 422 invalid-filter
          {'name':'n','url':'http://127.0.0.1/','models':['']}               | 422 invalid-filter
          {'name':'n','url':'http://127.0.0.1/','secret':'short'}            | 422 invalid-secret
          """)
  void refusesBadInput(String body, String expected) {
    long before = tracking.count("select count(*) as n from webhooks");
    Answer answer = tracking.post(PATH, body);
    assertThat(answer.status() + " " + answer.body().path("code").asString())
        .as(answer.text())
        .isEqualTo(expected);
    assertThat(tracking.count("select count(*) as n from webhooks")).isEqualTo(before);
  }

  @Test
  void refusesBadCallsOnEveryEndpoint() {
    JsonNode webhook = make(receiver, "");
    String id = id(webhook);
    JsonNode before = shown(id);
    assertThat(code(tracking.get(PATH + "?limit=0"))).isEqualTo("400 invalid-limit");
    assertThat(code(tracking.get(PATH + "?pageToken=x"))).isEqualTo("400 invalid-page-token");
    assertThat(code(tracking.send("PATCH", PATH + "/" + id, "{'nam':'x'}")))
        .isEqualTo("400 malformed-json");
    assertThat(code(tracking.send("PATCH", PATH + "/" + id, "{'url':'http://10.0.0.1/'}")))
        .isEqualTo("422 address-refused");
    assertThat(code(tracking.send("PATCH", PATH + "/" + id, "{'secret':'x'}")))
        .isEqualTo("422 secret-is-rotated");
    assertThat(code(post(id + "/rotate", "{'overlap':'8d'}"))).isEqualTo("422 invalid-overlap");
    assertThat(code(post(id + "/rotate", "{'overlap':'soon'}"))).isEqualTo("422 invalid-overlap");
    assertThat(code(post(id + "/rotate", "{'secret':'x'}"))).isEqualTo("422 invalid-secret");
    assertThat(code(post(id + "/test", "{'type':'Nothing'}"))).isEqualTo("422 invalid-type");
    assertThat(code(post(id + "/replay", "{}"))).isEqualTo("422 missing-field");
    assertThat(code(post(id + "/replay", "{'from':'yesterday'}"))).isEqualTo("400 malformed-json");
    assertThat(
            code(
                post(
                    id + "/replay", "{'from':'2026-01-02T00:00:00Z','to':'2026-01-01T00:00:00Z'}")))
        .isEqualTo("422 invalid-range");
    assertThat(code(tracking.get(PATH + "/" + id + "/deliveries?status=LOST"))).startsWith("400 ");
    assertThat(code(tracking.get(PATH + "/" + id + "/deliveries/x"))).startsWith("400 ");
    assertThat(code(tracking.get(PATH + "/" + id + "/deliveries/999999999")))
        .isEqualTo("404 delivery-not-found");
    assertThat(code(post(id + "/deliveries/999999999/replay", "")))
        .isEqualTo("404 delivery-not-found");
    for (String call : List.of("enable", "disable", "rotate", "test", "deliveries/1/replay")) {
      assertThat(code(post("wh_none/" + call, ""))).as(call).isEqualTo("404 webhook-not-found");
    }
    assertThat(code(post("wh_none/replay", "{'from':'2026-01-02T00:00:00Z'}")))
        .isEqualTo("404 webhook-not-found");
    assertThat(code(tracking.get(PATH + "/wh_none"))).isEqualTo("404 webhook-not-found");
    assertThat(code(tracking.get(PATH + "/wh_none/deliveries"))).isEqualTo("404 webhook-not-found");
    assertThat(code(tracking.send("PATCH", PATH + "/wh_none", "{}")))
        .isEqualTo("404 webhook-not-found");
    assertThat(shown(id)).isEqualTo(before);
  }

  private static String code(Answer answer) {
    return answer.status() + " " + answer.body().path("code").asString("");
  }
}
