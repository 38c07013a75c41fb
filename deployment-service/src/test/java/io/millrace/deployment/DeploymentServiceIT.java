package io.millrace.deployment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.millrace.database.Database;
import io.millrace.database.DatabaseFailure;
import io.millrace.deployment.RunningService.Answer;
import io.millrace.events.ApprovalAnswered;
import io.millrace.events.ApprovalRequested;
import io.millrace.events.ApprovalWithdrawn;
import io.millrace.events.DesiredState;
import io.millrace.events.EvaluationFailed;
import io.millrace.events.ModelEvaluated;
import io.millrace.events.ModelPromoted;
import io.millrace.events.ModelRejected;
import io.millrace.events.ModelVersionDeleted;
import io.millrace.events.RegisteredModelDeleted;
import io.millrace.events.RegisteredModelRenamed;
import io.millrace.schemas.Topics;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.avro.specific.SpecificRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.reactive.result.method.annotation.RequestMappingHandlerMapping;
import tools.jackson.databind.JsonNode;

/**
 * The service on real Kafka and PostgreSQL; evaluation workers and replicas are played by events.
 */
class DeploymentServiceIT {
  private static final String BOTH = "[staging, production]";
  private static final String STAGING = "[staging]";

  private static RunningService service;

  @BeforeAll
  static void start() {
    service = new RunningService();
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  /** docs/events.md says that whatever changes state leaves an event: a new call has its line. */
  @Test
  void noCallThatChangesSomethingIsWithoutItsEvent() {
    Map<String, Class<? extends SpecificRecord>> leaves =
        Map.of(
            "POST /api/v1/approvals/{}/approve", ApprovalAnswered.class,
            "POST /api/v1/approvals/{}/reject", ApprovalAnswered.class,
            "POST /api/v1/promotions", ModelPromoted.class,
            "POST /api/v1/deployments/{}/{}/rollback", ModelPromoted.class);
    Set<String> routes = new TreeSet<>();
    service
        .bean("requestMappingHandlerMapping", RequestMappingHandlerMapping.class)
        .getHandlerMethods()
        .forEach(
            (route, handler) ->
                route.getMethodsCondition().getMethods().stream()
                    .filter(method -> method != RequestMethod.GET)
                    .filter(method -> handler.getBeanType().getName().startsWith("io.millrace."))
                    .forEach(
                        method ->
                            route
                                .getPatternsCondition()
                                .getPatterns()
                                .forEach(
                                    path ->
                                        routes.add(
                                            method
                                                + " "
                                                + path.getPatternString()
                                                    .replaceAll("\\{[^}]*}", "{}")))));
    assertThat(routes).isEqualTo(leaves.keySet());
  }

  @Test
  void promotesThroughEveryEnvironmentInOrder() {
    service.evaluated("journey", 1, true, BOTH, "");
    DesiredState staging = service.awaitWanted("staging", "journey", 1);
    service.settle("journey");
    assertThat(service.events(DesiredState.class, "journey")).hasSize(1);

    service.deployed(staging, "replica-1");
    DesiredState production = service.awaitWanted("production", "journey", 1);
    service.deployed(production, "replica-1");
    service.settle("journey");

    assertThat(service.events(ModelPromoted.class, "journey"))
        .extracting(
            ModelPromoted::getEnvironment,
            ModelPromoted::getVersion,
            ModelPromoted::getRevision,
            ModelPromoted::getCause,
            ModelPromoted::getBy,
            ModelPromoted::getRequestId)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(
                "staging", 1, 1L, "POLICY", List.of("policy"), "flow-journey-1"),
            org.assertj.core.groups.Tuple.tuple(
                "production", 1, 1L, "POLICY", List.of("policy"), "flow-journey-1"));
    assertThat(production.getModelPackage().getSha256()).isEqualTo("ab".repeat(32));
    JsonNode item = deployment("production", "journey");
    assertThat(item.get("status").asString()).isEqualTo("DEPLOYED");
    assertThat(item.get("replicas").get(0).get("replica").asString()).isEqualTo("replica-1");
  }

  @Test
  void rejectsAndNamesTheFailedGates() {
    service.evaluated("weak", 1, false, BOTH, "");

    ModelRejected rejected =
        service.await("rejection", () -> service.events(ModelRejected.class, "weak"));
    assertThat(rejected.getReason()).isEqualTo("gates-failed");
    assertThat(rejected.getMessage()).contains("roc_auc at least 0.95");
    assertThat(rejected.getEnvironment()).isEqualTo("staging");
    assertThat(
            service
                .post(
                    "/api/v1/promotions",
                    "{'modelName':'weak','version':1,'environment':'staging','by':'bob'}")
                .body()
                .get("code")
                .asString())
        .isEqualTo("gates-failed");
  }

  @Test
  void changesNothingWhenEveryEventComesTwice() {
    ModelEvaluated evaluated = RunningService.evaluation("twice", 1, true, BOTH, "");
    UUID id = UUID.randomUUID();
    service.publish(Topics.EVALUATIONS, "twice", evaluated, id);
    service.publish(Topics.EVALUATIONS, "twice", evaluated, id);
    // The same verdict as another event changes nothing either.
    service.publish(Topics.EVALUATIONS, "twice", evaluated);
    DesiredState staging = service.awaitWanted("staging", "twice", 1);
    UUID report = UUID.randomUUID();
    for (int i = 0; i < 2; i++) {
      service.publish(
          Topics.DEPLOYMENTS,
          RunningService.key(staging),
          RunningService.deployment(staging, "replica-1"),
          report);
    }
    service.deployed(staging, "replica-2");
    service.awaitWanted("production", "twice", 1);
    service.settle("twice");

    assertThat(service.events(DesiredState.class, "twice")).hasSize(2);
    assertThat(service.events(ModelPromoted.class, "twice")).hasSize(2);
    assertThat(deployment("staging", "twice").get("replicas")).hasSize(2);
  }

  @Test
  void waitsForPeopleAndNeverForTheRequester() {
    service.evaluated("asked", 1, true, "[production]", "{production: {approvers: 2}}");
    ApprovalRequested approval = service.awaitApproval("asked", 1);
    assertThat(approval.getRequestedBy()).isEqualTo("alice");
    assertThat(approval.getApprovers()).isEqualTo(2);
    String path = "/api/v1/approvals/" + approval.getApprovalId();

    Answer own = service.post(path + "/approve", "{'by':'Alice'}");
    assertThat(own.status()).isEqualTo(403);
    assertThat(own.body().get("code").asString()).isEqualTo("own-request");
    assertThat(service.post(path + "/approve", "{}").status()).isEqualTo(422);

    assertThat(service.post(path + "/approve", "{'by':'bob','comment':'good'}").status())
        .isEqualTo(200);
    Answer again = service.post(path + "/approve", "{'by':'bob'}");
    assertThat(again.body().get("status").asString()).isEqualTo("PENDING");
    assertThat(again.body().get("decisions")).hasSize(1);
    assertThat(pendingApprovals("asked")).isEqualTo(1);

    Answer closing = service.post(path + "/approve", "{'by':'carol'}");
    assertThat(closing.body().get("status").asString()).isEqualTo("APPROVED");
    service.awaitWanted("production", "asked", 1);
    assertThat(service.events(ModelPromoted.class, "asked"))
        .singleElement()
        .satisfies(
            promoted -> {
              assertThat(promoted.getCause()).isEqualTo("APPROVAL");
              assertThat(promoted.getBy()).containsExactly("bob", "carol");
            });

    Answer late = service.post(path + "/reject", "{'by':'dave'}");
    assertThat(late.status()).isEqualTo(409);
    assertThat(late.body().get("code").asString()).isEqualTo("approval-closed");
    assertThat(service.post(path + "/approve", "{'by':'carol'}").status()).isEqualTo(200);
    assertThat(pendingApprovals("asked")).isZero();
    service.settle("asked");
    assertThat(service.events(ApprovalAnswered.class, "asked"))
        .extracting(
            ApprovalAnswered::getBy,
            ApprovalAnswered::getApproved,
            ApprovalAnswered::getComment,
            ApprovalAnswered::getStatus,
            ApprovalAnswered::getApprovals)
        .containsExactly(
            tuple("bob", true, "good", "PENDING", 1), tuple("carol", true, null, "APPROVED", 2));
  }

  @Test
  void endsWithARefusal() {
    service.evaluated("refused", 1, true, "[production]", "{production: {approvers: 2}}");
    String path = "/api/v1/approvals/" + service.awaitApproval("refused", 1).getApprovalId();

    assertThat(service.post(path + "/reject", "{'by':'bob','comment':'biased'}").status())
        .isEqualTo(200);

    ModelRejected rejected =
        service.await("rejection", () -> service.events(ModelRejected.class, "refused"));
    assertThat(rejected.getReason()).isEqualTo("approval-refused");
    assertThat(rejected.getBy()).isEqualTo("bob");
    assertThat(rejected.getMessage()).isEqualTo("biased");
    assertThat(service.events(ApprovalAnswered.class, "refused"))
        .extracting(
            ApprovalAnswered::getApproved,
            ApprovalAnswered::getComment,
            ApprovalAnswered::getStatus)
        .containsExactly(tuple(false, "biased", "REJECTED"));
    assertThat(service.post(path + "/approve", "{'by':'carol'}").status()).isEqualTo(409);
    assertThat(service.post(path + "/approve", "{'by':'bob'}").status()).isEqualTo(409);
  }

  @Test
  void makesOnePromotionOfManyApprovalsAtOnce() throws Exception {
    service.evaluated("race", 1, true, "[production]", "{production: {approvers: 1}}");
    String path = "/api/v1/approvals/" + service.awaitApproval("race", 1).getApprovalId();

    try (ExecutorService people = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<Integer>> calls =
          IntStream.range(0, 12)
              .<Callable<Integer>>mapToObj(
                  i ->
                      () ->
                          service
                              .post(
                                  path + (i % 4 == 3 ? "/reject" : "/approve"),
                                  "{'by':'person-" + i + "'}")
                              .status())
              .toList();
      List<Integer> answers =
          people.invokeAll(calls).stream().map(DeploymentServiceIT::result).toList();
      assertThat(answers).containsOnlyOnce(200).contains(409);
    }
    service.settle("race");

    long promoted = service.events(ModelPromoted.class, "race").count();
    long rejected = service.events(ModelRejected.class, "race").count();
    assertThat(promoted + rejected).isEqualTo(1);
    assertThat(service.events(DesiredState.class, "race")).hasSize((int) promoted);
  }

  @Test
  void neverReplacesANewerVersionWithAnOlderOneByItself() {
    service.evaluated("late", 5, true, STAGING, "");
    service.deployed(service.awaitWanted("staging", "late", 1), "replica-1");
    service.evaluated("late", 4, true, STAGING, "");

    ModelRejected rejected =
        service.await("rejection", () -> service.events(ModelRejected.class, "late"));
    assertThat(rejected.getVersion()).isEqualTo(4);
    assertThat(rejected.getReason()).isEqualTo("superseded");

    Answer manual =
        service.post(
            "/api/v1/promotions",
            "{'modelName':'late','version':4,'environment':'staging','by':'bob','comment':'5 is slow'}");
    assertThat(manual.status()).isEqualTo(200);
    assertThat(manual.body().get("revision").asInt()).isEqualTo(2);
    assertThat(service.awaitWanted("staging", "late", 2).getVersion()).isEqualTo(4);
  }

  @Test
  void withdrawsTheApprovalOfAnOvertakenVersion() {
    service.evaluated("overtaken", 1, true, "[production]", "{production: {approvers: 1}}");
    String old = service.awaitApproval("overtaken", 1).getApprovalId();
    service.evaluated("overtaken", 2, true, "[production]", "{production: {approvers: 1}}");
    String fresh = service.awaitApproval("overtaken", 2).getApprovalId();

    service.post("/api/v1/approvals/" + fresh + "/approve", "{'by':'bob'}");

    ModelRejected rejected =
        service.await("rejection", () -> service.events(ModelRejected.class, "overtaken"));
    assertThat(rejected.getVersion()).isEqualTo(1);
    assertThat(rejected.getReason()).isEqualTo("superseded");
    assertThat(service.get("/api/v1/approvals/" + old).body().get("status").asString())
        .isEqualTo("SUPERSEDED");
    assertThat(service.events(ApprovalWithdrawn.class, "overtaken"))
        .extracting(ApprovalWithdrawn::getApprovalId, ApprovalWithdrawn::getReason)
        .containsExactly(tuple(old, "superseded"));
    assertThat(service.post("/api/v1/approvals/" + old + "/approve", "{'by':'bob'}").status())
        .isEqualTo(409);
  }

  @Test
  void goesBackWhenAVersionCannotBeServed() {
    service.evaluated("broken", 1, true, BOTH, "");
    service.deployed(service.awaitWanted("staging", "broken", 1), "replica-1");
    service.deployed(service.awaitWanted("production", "broken", 1), "replica-1");
    service.evaluated("broken", 2, true, BOTH, "");
    DesiredState second = service.awaitWanted("staging", "broken", 2);

    service.failed(second, "replica-1");

    DesiredState back = service.awaitWanted("staging", "broken", 3);
    assertThat(back.getVersion()).isEqualTo(1);
    assertThat(back.getRequestId()).isNull();
    service.settle("broken");
    assertThat(service.events(ModelRejected.class, "broken"))
        .singleElement()
        .satisfies(
            rejected -> {
              assertThat(rejected.getVersion()).isEqualTo(2);
              assertThat(rejected.getReason()).isEqualTo("deployment-failed");
              assertThat(rejected.getMessage())
                  .contains("package-corrupt")
                  .contains("goes back to version 1");
            });
    assertThat(service.events(ModelPromoted.class, "broken").reduce((_, last) -> last))
        .hasValueSatisfying(
            promoted -> {
              assertThat(promoted.getCause()).isEqualTo("ROLLBACK");
              assertThat(promoted.getBy()).containsExactly("policy");
              assertThat(promoted.getPreviousVersion()).isEqualTo(2);
            });

    // Going back fails too: it stays there, FAILED, and does not go round in circles.
    service.failed(back, "replica-1");
    service.settle("broken");
    assertThat(deployment("staging", "broken").get("status").asString()).isEqualTo("FAILED");
    assertThat(deployment("staging", "broken").get("revision").asInt()).isEqualTo(3);
    assertThat(service.events(ModelRejected.class, "broken")).hasSize(1);
    assertThat(service.events(DesiredState.class, "broken").map(DesiredState::getEnvironment))
        .containsOnlyOnce("production");
  }

  @Test
  void staysFailedWhereThereIsNothingToGoBackTo() {
    service.evaluated("first", 1, true, BOTH, "");
    service.failed(service.awaitWanted("staging", "first", 1), "replica-1");

    ModelRejected rejected =
        service.await("rejection", () -> service.events(ModelRejected.class, "first"));
    assertThat(rejected.getMessage()).contains("no earlier version");
    assertThat(deployment("staging", "first").get("status").asString()).isEqualTo("FAILED");
  }

  @Test
  void rollsBackStepByStepOrToAGivenVersion() {
    for (int version = 1; version <= 3; version++) {
      service.evaluated("steps", version, true, STAGING, "");
      service.deployed(service.awaitWanted("staging", "steps", version), "replica-1");
    }
    service.settle("steps");
    String path = "/api/v1/deployments/staging/steps/rollback";

    Answer one = service.post(path, "{'by':'bob'}", "Idempotency-Key", "\"rollback-1\"");
    Answer same = service.post(path, "{'by':'bob'}", "Idempotency-Key", "rollback-1");
    assertThat(one.status()).isEqualTo(200);
    assertThat(one.body().get("version").asInt()).isEqualTo(2);
    assertThat(same.body()).isEqualTo(one.body());
    assertThat(service.post(path, "{'by':'eve'}", "Idempotency-Key", "rollback-1").status())
        .isEqualTo(422);

    assertThat(service.post(path, "{'by':'bob'}").body().get("version").asInt()).isEqualTo(1);
    Answer end = service.post(path, "{'by':'bob'}");
    assertThat(end.status()).isEqualTo(409);
    assertThat(end.body().get("code").asString()).isEqualTo("no-previous-version");

    Answer given = service.post(path, "{'by':'bob','toVersion':3,'comment':'fixed'}");
    assertThat(given.body().get("version").asInt()).isEqualTo(3);
    assertThat(given.body().get("revision").asInt()).isEqualTo(6);
    assertThat(service.post(path, "{'by':'bob','toVersion':3}").body().get("revision").asInt())
        .isEqualTo(6);
    assertThat(service.post(path, "{'by':'bob','toVersion':9}").body().get("code").asString())
        .isEqualTo("never-deployed");
    assertThat(service.post("/api/v1/deployments/staging/nobody/rollback", "{'by':'bob'}").status())
        .isEqualTo(404);
  }

  @Test
  void answersWhatWasWantedAtAnyMomentAndByWhom() {
    service.evaluated("story", 1, true, STAGING, "");
    DesiredState first = service.awaitWanted("staging", "story", 1);
    service.deployed(first, "replica-1");
    service.evaluated("story", 2, true, STAGING, "");
    DesiredState second = service.awaitWanted("staging", "story", 2);
    service.deployed(second, "replica-1");
    service.settle("story");
    service.post("/api/v1/deployments/staging/story/rollback", "{'by':'bob','comment':'too slow'}");

    String path = "/api/v1/deployments/staging/story/history";
    JsonNode items = service.get(path).body().get("items");
    assertThat(items).hasSize(3);
    assertThat(items.get(0).get("cause").asString()).isEqualTo("ROLLBACK");
    assertThat(items.get(0).get("by").get(0).asString()).isEqualTo("bob");
    assertThat(items.get(0).get("comment").asString()).isEqualTo("too slow");
    assertThat(items.get(2).get("outcome").asString()).isEqualTo("DEPLOYED");

    JsonNode then =
        service.get(path + "?at=" + second.getDecidedAt().minusMillis(1)).body().get("items");
    assertThat(then).hasSize(1);
    assertThat(then.get(0).get("version").asInt()).isEqualTo(1);
    assertThat(service.get(path + "?at=" + first.getDecidedAt().minusMillis(1)).body().get("items"))
        .isEmpty();
    assertThat(service.get(path + "?at=yesterday").status()).isEqualTo(400);

    JsonNode page = service.get(path + "?limit=2").body();
    assertThat(page.get("items")).hasSize(2);
    JsonNode rest =
        service.get(path + "?limit=2&pageToken=" + page.get("nextPageToken").asString()).body();
    assertThat(rest.get("items")).hasSize(1);
    assertThat(rest.get("items").get(0).get("revision").asInt()).isEqualTo(1);
  }

  @Test
  void neverChangesOrDeletesHistory() {
    service.evaluated("kept", 1, true, STAGING, "");
    service.awaitWanted("staging", "kept", 1);
    Database database = service.bean(Database.class);

    for (String sql :
        List.of(
            "update deployment_history set version = 9 where model_name = 'kept'",
            "delete from deployment_history where model_name = 'kept'",
            "delete from approval_decisions")) {
      assertThatThrownBy(() -> database.inTransactionVoid(tx -> tx.update(sql)))
          .isInstanceOf(DatabaseFailure.class)
          .hasMessageContaining("only takes new rows");
    }
  }

  @Test
  void rejectsWhatIsDeletedWhileItWaitsForPeople() {
    service.evaluated("gone", 1, true, "[production]", "{production: {approvers: 1}}");
    ApprovalRequested asked = service.awaitApproval("gone", 1);
    service.publish(
        Topics.MODELS,
        "gone",
        ModelVersionDeleted.newBuilder().setModelName("gone").setVersion(1).setBy("grace").build());

    ModelRejected rejected = service.awaitRejected("gone", 1);
    assertThat(rejected.getReason()).isEqualTo("version-deleted");
    assertThat(rejected.getBy()).isEqualTo("grace");
    assertThat(
            service
                .post("/api/v1/approvals/" + asked.getApprovalId() + "/approve", "{'by':'carol'}")
                .status())
        .isEqualTo(409);
    Answer promoted =
        service.post(
            "/api/v1/promotions",
            "{'modelName':'gone','version':1,'environment':'production','by':'bob'}");
    assertThat(promoted.body().get("code").asString()).isEqualTo("version-deleted");
  }

  @Test
  void promotesNothingWhoseVerdictComesAfterTheDeletion() {
    service.publish(
        Topics.MODELS,
        "afterwards",
        RegisteredModelDeleted.newBuilder()
            .setModelName("afterwards")
            .setLastVersion(2)
            .setBy("grace")
            .build());
    service.awaitCount(
        "select count(*) as n from deleted_versions where model_name = 'afterwards'", 2);
    service.evaluated("afterwards", 2, true, STAGING, "");
    service.evaluated("afterwards", 3, true, STAGING, "");

    assertThat(service.awaitWanted("staging", "afterwards", 1).getVersion()).isEqualTo(3);
  }

  @Test
  void neverGoesBackToADeletedVersion() {
    for (int version = 1; version <= 3; version++) {
      service.evaluated("back", version, true, STAGING, "");
      service.deployed(service.awaitWanted("staging", "back", version), "replica-1");
      service.settle("back");
    }
    service.publish(
        Topics.MODELS,
        "back",
        ModelVersionDeleted.newBuilder().setModelName("back").setVersion(2).setBy("grace").build());
    service.awaitCount("select count(*) as n from deleted_versions where model_name = 'back'", 1);

    Answer refused =
        service.post("/api/v1/deployments/staging/back/rollback", "{'by':'bob','toVersion':2}");
    assertThat(refused.status()).isEqualTo(409);
    assertThat(
            service
                .post("/api/v1/deployments/staging/back/rollback", "{'by':'bob'}")
                .body()
                .get("version")
                .asInt())
        .isEqualTo(1);
  }

  @Test
  void followsAModelToItsNewName() {
    service.evaluated("before", 1, true, "[production]", "{production: {approvers: 1}}");
    ApprovalRequested asked = service.awaitApproval("before", 1);
    service.publish(
        Topics.MODELS,
        "before",
        RegisteredModelRenamed.newBuilder()
            .setPreviousName("before")
            .setModelName("after")
            .setLastVersion(2)
            .setBy("grace")
            .build());
    service.awaitCount(
        "select count(*) as n from renamed_models where previous_name = 'before'", 1);

    service.post("/api/v1/approvals/" + asked.getApprovalId() + "/approve", "{'by':'carol'}");
    assertThat(service.awaitWanted("production", "after", 1).getVersion()).isEqualTo(1);
    service.evaluated("before", 2, true, "[production]", "{production: {approvers: 1}}");
    assertThat(service.awaitApproval("after", 2).getModelName()).isEqualTo("after");
    service.evaluated("before", 3, true, STAGING, "");
    assertThat(service.awaitWanted("staging", "before", 1).getVersion())
        .as("another model of the old name")
        .isEqualTo(3);
  }

  @Test
  void asksPeopleBeforeAManualPromotionWhereThePolicySaysSo() {
    service.evaluated("manual", 1, true, BOTH, "{production: {approvers: 1}}");
    service.awaitWanted("staging", "manual", 1);
    String body =
        "{'modelName':'manual','version':1,'environment':'production','by':'bob','comment':'now'}";

    Answer asked = service.post("/api/v1/promotions", body);
    assertThat(asked.status()).isEqualTo(202);
    String id = asked.body().get("approvalId").asString();
    assertThat(service.post("/api/v1/promotions", body).body().get("approvalId").asString())
        .isEqualTo(id);
    for (String barred : List.of("alice", "bob")) {
      assertThat(
              service
                  .post("/api/v1/approvals/" + id + "/approve", "{'by':'" + barred + "'}")
                  .status())
          .isEqualTo(403);
    }
    service.post("/api/v1/approvals/" + id + "/approve", "{'by':'carol'}");
    DesiredState production = service.awaitWanted("production", "manual", 1);
    assertThat(production.getVersion()).isEqualTo(1);

    // The flow arrives later, finds its version there, and asks nobody again.
    service.deployed(production, "replica-1");
    service.deployed(service.awaitWanted("staging", "manual", 1), "replica-1");
    service.settle("manual");
    assertThat(service.events(ApprovalRequested.class, "manual")).hasSize(1);
    assertThat(service.events(DesiredState.class, "manual")).hasSize(2);
  }

  @Test
  void saysWhyAVersionCannotBePromoted() {
    service.publish(
        Topics.EVALUATIONS,
        "unscored",
        EvaluationFailed.newBuilder()
            .setRequestId("flow")
            .setRunId("run")
            .setModelName("unscored")
            .setVersion(1)
            .setReason("package-corrupt")
            .setMessage("model.onnx is damaged.")
            .build());
    service.settle("unscored");

    Answer answer =
        service.post(
            "/api/v1/promotions",
            "{'modelName':'unscored','version':1,'environment':'staging','by':'bob'}");
    assertThat(answer.status()).isEqualTo(409);
    assertThat(answer.body().get("detail").asString()).contains("model.onnx is damaged");
    assertThat(
            service
                .post(
                    "/api/v1/promotions",
                    "{'modelName':'unscored','version':2,'environment':'staging','by':'bob'}")
                .body()
                .get("code")
                .asString())
        .isEqualTo("unknown-version");
    assertThat(service.post("/api/v1/promotions", "{'by':'bob'}").status()).isEqualTo(422);
    assertThat(service.post("/api/v1/promotions", "{broken").status()).isEqualTo(400);
    assertThat(service.get("/api/v1/approvals?status=MAYBE").status()).isEqualTo(422);
    assertThat(service.get("/api/v1/approvals/nonsense").status()).isEqualTo(404);
    assertThat(service.get("/api/v1/deployments?pageToken=x").status()).isEqualTo(422);
  }

  @Test
  void goesOnWhereItWasAfterARestart() {
    service.evaluated("restart", 1, true, BOTH, "");
    DesiredState staging = service.awaitWanted("staging", "restart", 1);

    service.restart();
    service.deployed(staging, "replica-1");

    service.awaitWanted("production", "restart", 1);
    service.settle("restart");
    assertThat(service.events(ModelPromoted.class, "restart")).hasSize(2);
  }

  private static long pendingApprovals(String model) {
    JsonNode items = service.get("/api/v1/approvals?status=PENDING").body().get("items");
    return items
        .valueStream()
        .filter(item -> item.get("modelName").asString().equals(model))
        .count();
  }

  private static JsonNode deployment(String environment, String model) {
    return service
        .get("/api/v1/deployments")
        .body()
        .get("items")
        .valueStream()
        .filter(
            item ->
                item.get("environment").asString().equals(environment)
                    && item.get("modelName").asString().equals(model))
        .findFirst()
        .orElseThrow();
  }

  private static int result(Future<Integer> future) {
    return future.resultNow();
  }
}
