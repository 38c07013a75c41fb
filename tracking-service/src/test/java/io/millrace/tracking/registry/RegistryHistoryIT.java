package io.millrace.tracking.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.events.EvaluationRequested;
import io.millrace.events.ModelDeployed;
import io.millrace.events.ModelPromoted;
import io.millrace.schemas.Topics;
import io.millrace.tracking.RunningTracking;
import io.millrace.tracking.RunningTracking.Answer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What the registry remembers, and what it lets nobody take away. */
class RegistryHistoryIT {

  private final RunningTracking tracking = RunningTracking.shared();
  private final String name = "h-" + UUID.randomUUID();

  @BeforeEach
  void aModel() {
    call("POST", "registered-models/create", "{'name':'%s'}".formatted(name), "ada");
  }

  private Answer call(String method, String path, String json, String by) {
    return tracking.send(
        method,
        "/api/2.0/mlflow/" + path,
        json,
        "X-Millrace-User",
        by,
        "X-Millrace-Reason",
        "because " + by);
  }

  private void version() {
    call(
        "POST",
        "model-versions/create",
        "{'name':'%s','source':'s3://b/m'}".formatted(name),
        "ada");
  }

  private void promoted(String environment, int version, long revision, String... by) {
    tracking.publish(
        Topics.PROMOTIONS,
        name,
        ModelPromoted.newBuilder()
            .setModelName(name)
            .setVersion(version)
            .setEnvironment(environment)
            .setRevision(revision)
            .setCause("APPROVAL")
            .setBy(List.of(by))
            .setComment("go")
            .build());
  }

  private void deployed(String environment, int version, long revision) {
    tracking.publish(
        Topics.DEPLOYMENTS,
        environment + "/" + name,
        ModelDeployed.newBuilder()
            .setModelName(name)
            .setVersion(version)
            .setEnvironment(environment)
            .setRevision(revision)
            .setReplica("replica-1")
            .setLoadMillis(5)
            .build());
  }

  private void awaitLines(String kind, int many) {
    Awaitility.await(many + " lines " + kind)
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(20))
        .until(
            () ->
                tracking.count(
                        "select count(*) as n from registry_history where model_name = $1 and kind = $2",
                        name,
                        kind)
                    == many);
  }

  private JsonNode live(Instant at) {
    Answer answer = tracking.get("/api/v1/models/" + name + "/live?at=" + at);
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.body();
  }

  @Test
  void saysWhoDidWhatAndWhy() {
    version();
    call(
        "POST",
        "model-versions/transition-stage",
        "{'name':'%s','version':'1','stage':'Staging'}".formatted(name),
        "grace");

    JsonNode newest =
        tracking.get("/api/v1/models/" + name + "/history?limit=1").body().at("/items/0");
    assertThat(newest.path("kind").asString()).isEqualTo("STAGE_CHANGED");
    assertThat(newest.path("version").asInt()).isEqualTo(1);
    assertThat(newest.path("from").asString()).isEqualTo("None");
    assertThat(newest.path("to").asString()).isEqualTo("Staging");
    assertThat(newest.path("by").asString()).isEqualTo("grace");
    assertThat(newest.path("reason").asString()).isEqualTo("because grace");
  }

  @Test
  void takesTheUserOfBasicCredentials() {
    String credentials =
        java.util.Base64.getEncoder()
            .encodeToString("zoé:secret".getBytes(java.nio.charset.StandardCharsets.UTF_8));
    tracking.send(
        "POST",
        "/api/2.0/mlflow/registered-models/set-tag",
        "{'name':'%s','key':'k','value':'v'}".formatted(name),
        "Authorization",
        "Basic " + credentials);
    tracking.mlflow(
        "registered-models/set-tag", "{'name':'%s','key':'l','value':'v'}".formatted(name));

    JsonNode items = tracking.get("/api/v1/models/" + name + "/history").body().path("items");
    assertThat(items.at("/0/by").asString()).isEqualTo("unknown");
    assertThat(items.at("/1/by").asString()).isEqualTo("zoé");
    assertThat(items.toString()).doesNotContain("secret");
  }

  @Test
  void refusesToForget() {
    for (String statement :
        List.of(
            "update registry_history set actor = 'nobody'",
            "delete from registry_history",
            "truncate registry_history")) {
      assertThatThrownBy(() -> tracking.database().inTransactionVoid(tx -> tx.update(statement)))
          .hasMessageContaining("only takes new rows");
    }
  }

  @Test
  void pagesWithoutLosingLines() {
    for (int i = 0; i < 5; i++) {
      version();
    }
    List<Long> seen = new ArrayList<>();
    String token = "";
    do {
      JsonNode page =
          tracking.get("/api/v1/models/" + name + "/history?limit=2&pageToken=" + token).body();
      page.path("items").forEach(line -> seen.add(line.path("seq").asLong()));
      version();
      token = page.path("nextPageToken").asString("");
    } while (!token.isEmpty());
    assertThat(seen).hasSize(6).isSortedAccordingTo(java.util.Comparator.reverseOrder());
    assertThat(tracking.get("/api/v1/models/" + name + "/history?version=2").body().path("items"))
        .hasSize(1);
  }

  @Test
  void answersForAnyTimeWhatStoodWhere() {
    Random random = new Random(20261121);
    String[] stages = {"None", "Staging", "Production", "Archived"};
    Map<Integer, String> inStage = new TreeMap<>();
    Map<String, Integer> aliases = new TreeMap<>();
    record Snapshot(Instant at, Map<Integer, String> stages, Map<String, Integer> aliases) {}
    List<Snapshot> snapshots = new ArrayList<>();
    Instant before = Instant.now().minusSeconds(60);
    int last = 0;
    List<Integer> there = new ArrayList<>();
    for (int step = 0; step < 120; step++) {
      int what = there.isEmpty() ? 0 : random.nextInt(10);
      int version = there.isEmpty() ? 0 : there.get(random.nextInt(there.size()));
      String alias = "a" + random.nextInt(3);
      switch (what) {
        case 0 -> {
          version();
          there.add(++last);
        }
        case 1, 2, 3 -> {
          String stage = stages[random.nextInt(4)];
          boolean archive =
              random.nextBoolean() && (stage.equals("Staging") || stage.equals("Production"));
          call(
              "POST",
              "model-versions/transition-stage",
              "{'name':'%s','version':'%d','stage':'%s','archive_existing_versions':%s}"
                  .formatted(name, version, stage, archive),
              "ada");
          if (archive) {
            inStage.replaceAll((one, in) -> in.equals(stage) && one != version ? "Archived" : in);
          }
          if (stage.equals("None")) {
            inStage.remove(version);
          } else {
            inStage.put(version, stage);
          }
        }
        case 4, 5, 6 -> {
          call(
              "POST",
              "registered-models/alias",
              "{'name':'%s','alias':'%s','version':'%d'}".formatted(name, alias, version),
              "ada");
          aliases.put(alias, version);
        }
        case 7, 8 -> {
          call(
              "DELETE",
              "registered-models/alias",
              "{'name':'%s','alias':'%s'}".formatted(name, alias),
              "ada");
          aliases.remove(alias);
        }
        default -> {
          call(
              "DELETE",
              "model-versions/delete",
              "{'name':'%s','version':'%d'}".formatted(name, version),
              "ada");
          there.remove((Integer) version);
          inStage.remove(version);
          aliases.values().removeIf(one -> one == version);
        }
      }
      snapshots.add(new Snapshot(Instant.now(), new TreeMap<>(inStage), new TreeMap<>(aliases)));
    }

    for (Snapshot snapshot : snapshots) {
      JsonNode live = live(snapshot.at());
      Map<Integer, String> foundStages = new TreeMap<>();
      live.path("stages")
          .forEach(
              one -> foundStages.put(one.path("version").asInt(), one.path("stage").asString()));
      Map<String, Integer> foundAliases = new TreeMap<>();
      live.path("aliases")
          .forEach(
              one -> foundAliases.put(one.path("alias").asString(), one.path("version").asInt()));
      assertThat(foundStages).isEqualTo(snapshot.stages());
      assertThat(foundAliases).isEqualTo(snapshot.aliases());
    }
    Answer early = tracking.get("/api/v1/models/" + name + "/live?at=" + before);
    assertThat(early.status()).isEqualTo(404);
    assertThat(early.body().path("detail").asString()).contains("There was no", before.toString());
    assertThat(
            tracking
                .get("/api/v1/models/" + name + "/live?at=yesterday")
                .body()
                .path("code")
                .asString())
        .isEqualTo("invalid-time");
  }

  @Test
  void saysWhatAnEnvironmentServedAndWhoDecidedIt() {
    version();
    version();
    promoted("production", 1, 1, "grace", "alan");
    awaitLines("PROMOTED", 1);
    Instant decided = Instant.now();
    deployed("production", 1, 1);
    deployed("production", 1, 1);
    awaitLines("DEPLOYED", 1);
    Instant served = Instant.now();
    promoted("production", 2, 2, "grace");
    awaitLines("PROMOTED", 2);

    JsonNode waiting = live(decided).at("/environments/0");
    assertThat(waiting.has("version")).isFalse();
    assertThat(waiting.at("/wanted/version").asInt()).isEqualTo(1);
    assertThat(waiting.at("/wanted/by").asString()).isEqualTo("grace, alan");
    JsonNode first = live(served).at("/environments/0");
    assertThat(first.path("version").asInt()).isEqualTo(1);
    assertThat(first.path("by").asString()).isEqualTo("grace, alan");
    assertThat(first.path("cause").asString()).isEqualTo("APPROVAL");
    assertThat(first.path("reason").asString()).isEqualTo("go");
    assertThat(first.has("wanted")).isFalse();
    JsonNode now = live(Instant.now()).at("/environments/0");
    assertThat(now.path("version").asInt()).isEqualTo(1);
    assertThat(now.at("/wanted/version").asInt()).isEqualTo(2);
    assertThat(
            tracking
                .get("/api/v1/models/" + name + "/live?environment=staging")
                .body()
                .path("environments"))
        .isEmpty();
  }

  @Test
  void keepsWhatIsLive() {
    version();
    version();
    version();
    promoted("production", 1, 1, "grace");
    deployed("production", 1, 1);
    awaitLines("DEPLOYED", 1);
    promoted("production", 2, 2, "grace");
    awaitLines("PROMOTED", 2);

    String delete = "{'name':'%s','version':'%d'}";
    for (int live : new int[] {1, 2}) {
      Answer refused = call("DELETE", "model-versions/delete", delete.formatted(name, live), "ada");
      assertThat(refused.status()).isEqualTo(409);
      assertThat(refused.body().path("error_code").asString()).isEqualTo("RESOURCE_CONFLICT");
      assertThat(refused.body().path("message").asString()).contains("is live in 'production'");
    }
    assertThat(call("DELETE", "model-versions/delete", delete.formatted(name, 3), "ada").status())
        .isEqualTo(200);
    Answer model =
        call("DELETE", "registered-models/delete", "{'name':'%s'}".formatted(name), "ada");
    assertThat(model.status()).isEqualTo(409);
    Answer renamed =
        call(
            "POST",
            "registered-models/rename",
            "{'name':'%s','new_name':'%s-x'}".formatted(name, name),
            "ada");
    assertThat(renamed.body().path("message").asString())
        .contains("is live in 'production' (version 2, revision 2)");
    deployed("production", 2, 2);
    awaitLines("DEPLOYED", 2);
    assertThat(call("DELETE", "model-versions/delete", delete.formatted(name, 1), "ada").status())
        .isEqualTo(200);
  }

  @Test
  void trainingsReachARenamedModelUnderItsNewName() {
    String pipeline = "t-" + UUID.randomUUID();
    tracking.apply(pipeline);
    assertThat(trained(pipeline).path("modelName").asString()).isEqualTo(pipeline);
    String renamed = pipeline + "-renamed";
    call(
        "POST",
        "registered-models/rename",
        "{'name':'%s','new_name':'%s'}".formatted(pipeline, renamed),
        "ada");

    JsonNode second = trained(pipeline);
    assertThat(second.path("modelName").asString()).isEqualTo(renamed);
    assertThat(second.path("version").asInt()).isEqualTo(2);
    assertThat(
            tracking
                .await(
                    EvaluationRequested.class,
                    event -> event.getModelName().equals(renamed) && event.getVersion() == 2)
                .getModelName())
        .isEqualTo(renamed);

    call("POST", "registered-models/create", "{'name':'%s'}".formatted(pipeline), "ada");
    JsonNode another = trained(pipeline);
    assertThat(another.path("modelName").asString()).isEqualTo(pipeline);
    assertThat(another.path("version").asInt())
        .as("number 1 of this name is known to others")
        .isEqualTo(2);
    call("DELETE", "registered-models/delete", "{'name':'%s'}".formatted(pipeline), "ada");
    assertThat(trained(pipeline).path("version").asInt()).isEqualTo(3);
  }

  @Test
  void tellsAWorkerWhoseVersionIsDeletedThatItsRunIsOver() {
    String pipeline = "t-" + UUID.randomUUID();
    tracking.apply(pipeline);
    String run = tracking.queued(pipeline, UUID.randomUUID().toString()).getRunId();
    complete(run);
    call("DELETE", "registered-models/delete", "{'name':'%s'}".formatted(pipeline), "ada");

    Answer again = complete(run);
    assertThat(again.status()).isEqualTo(409);
    assertThat(again.body().path("code").asString()).isEqualTo("run-finished");
  }

  private JsonNode trained(String pipeline) {
    Answer answer = complete(tracking.queued(pipeline, UUID.randomUUID().toString()).getRunId());
    assertThat(answer.status()).as(answer.text()).isEqualTo(200);
    return answer.body();
  }

  private Answer complete(String run) {
    tracking.post("/api/v1/runs/" + run + "/start", "{'worker':'w','delivery':1}");
    return tracking.post(
        "/api/v1/runs/" + run + "/complete",
        "{'attempt':1,'metrics':{'a':1.0},'parityMaxAbsDiff':0.0,'modelPackage':{'uri':'u','mediaType':'m','sha256':'"
            + "b".repeat(64)
            + "','size':1}}");
  }
}
