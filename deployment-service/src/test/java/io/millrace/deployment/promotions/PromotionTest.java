package io.millrace.deployment.promotions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.deployment.environments.Cause;
import io.millrace.deployment.environments.Change;
import io.millrace.deployment.environments.Deployment;
import io.millrace.deployment.environments.DeploymentStatus;
import io.millrace.deployment.promotions.Promotion.Decided;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PromotionTest {
  private static final Promotion.Wanted NOTHING = environment -> Optional.empty();

  @Test
  void rejectsWhereAGateFailed() {
    Decided decided = evaluated(0, 0).begin(false, "Failed gates: roc_auc at least 0.95", NOTHING);

    assertThat(decided.promotion().status()).isEqualTo(PromotionStatus.REJECTED);
    assertThat(decided.step())
        .isEqualTo(
            new Step.Reject(
                "staging",
                RejectionReason.GATES_FAILED,
                "Failed gates: roc_auc at least 0.95",
                "policy"));
  }

  @Test
  void goesThroughAutomaticEnvironmentsOneAfterTheOther() {
    Decided staging = evaluated(0, 0).begin(true, "", NOTHING);
    assertThat(promote(staging).environment()).isEqualTo("staging");
    assertThat(promote(staging).change().cause()).isEqualTo(Cause.POLICY);

    Promotion inStaging = staging.promotion().withRevision(1);
    Decided production =
        inStaging
            .deployed(wanted("staging", 4, 1, DeploymentStatus.DEPLOYED), NOTHING)
            .orElseThrow();
    assertThat(promote(production).environment()).isEqualTo("production");

    Promotion inProduction = production.promotion().withRevision(7);
    Decided done =
        inProduction
            .deployed(wanted("production", 4, 7, DeploymentStatus.DEPLOYED), NOTHING)
            .orElseThrow();
    assertThat(done.promotion().status()).isEqualTo(PromotionStatus.COMPLETED);
    assertThat(done.step()).isEqualTo(new Step.Nothing());
  }

  @Test
  void waitsForPeopleWhereThePolicySaysSo() {
    Promotion inStaging = evaluated(0, 2).begin(true, "", NOTHING).promotion().withRevision(1);
    Decided asked =
        inStaging
            .deployed(wanted("staging", 4, 1, DeploymentStatus.DEPLOYED), NOTHING)
            .orElseThrow();

    assertThat(asked.promotion().status()).isEqualTo(PromotionStatus.AWAITING_APPROVAL);
    assertThat(asked.step()).isEqualTo(new Step.AskApproval(new Stage("production", 2)));

    Decided approved = asked.promotion().approved(List.of("bob", "carol"), "good");
    assertThat(promote(approved).change().by()).containsExactly("bob", "carol");
    assertThat(promote(approved).change().cause()).isEqualTo(Cause.APPROVAL);

    Decided refused = asked.promotion().refused("bob", null);
    assertThat(refused.step())
        .isEqualTo(
            new Step.Reject(
                "production",
                RejectionReason.APPROVAL_REFUSED,
                "bob refused it without a comment.",
                "bob"));
  }

  @Test
  void ignoresReportsItDoesNotWaitFor() {
    Promotion inStaging = evaluated(0, 0).begin(true, "", NOTHING).promotion().withRevision(3);

    assertThat(inStaging.deployed(wanted("staging", 4, 2, DeploymentStatus.DEPLOYED), NOTHING))
        .isEmpty();
    assertThat(inStaging.deployed(wanted("production", 4, 3, DeploymentStatus.DEPLOYED), NOTHING))
        .isEmpty();
    assertThat(inStaging.failed(wanted("staging", 4, 2, DeploymentStatus.FAILED), "no")).isEmpty();
  }

  @Test
  void neverReplacesANewerVersionByItself() {
    Decided decided =
        evaluated(0, 0)
            .begin(true, "", e -> Optional.of(wanted("staging", 5, 9, DeploymentStatus.DEPLOYED)));

    assertThat(decided.promotion().reason()).isEqualTo(RejectionReason.SUPERSEDED);
    assertThat(((Step.Reject) decided.step()).message()).contains("newer version 5");
  }

  @Test
  void replacesANewerVersionThatCouldNotBeServed() {
    Decided decided =
        evaluated(0, 0)
            .begin(true, "", e -> Optional.of(wanted("staging", 5, 9, DeploymentStatus.FAILED)));

    assertThat(promote(decided).environment()).isEqualTo("staging");
  }

  @ParameterizedTest
  @EnumSource
  void joinsWhatAPersonPutThereAlready(DeploymentStatus status) {
    Decided decided =
        evaluated(0, 0)
            .begin(
                true,
                "",
                e ->
                    e.equals("staging")
                        ? Optional.of(wanted("staging", 4, 9, status))
                        : Optional.empty());

    switch (status) {
      case PENDING -> {
        assertThat(decided.promotion().revision()).isEqualTo(9);
        assertThat(decided.step()).isEqualTo(new Step.Nothing());
      }
      case DEPLOYED -> assertThat(promote(decided).environment()).isEqualTo("production");
      case FAILED ->
          assertThat(decided.promotion().reason()).isEqualTo(RejectionReason.DEPLOYMENT_FAILED);
    }
  }

  @Test
  void isOvertakenByAnyOtherVersionWhileItDeploys() {
    Promotion deploying = evaluated(0, 0).begin(true, "", NOTHING).promotion().withRevision(1);

    assertThat(deploying.displaced(wanted("staging", 5, 2, DeploymentStatus.PENDING), 4))
        .hasValueSatisfying(
            d -> assertThat(d.promotion().reason()).isEqualTo(RejectionReason.SUPERSEDED));
    assertThat(deploying.displaced(wanted("production", 5, 2, DeploymentStatus.PENDING), null))
        .isEmpty();
    assertThat(deploying.displaced(wanted("staging", 4, 2, DeploymentStatus.PENDING), 4)).isEmpty();
  }

  @Test
  void waitsOnBesideOlderVersionsButNotBehindNewerOnes() {
    Promotion waiting = evaluated(2).begin(true, "", NOTHING).promotion();

    assertThat(waiting.displaced(wanted("staging", 3, 2, DeploymentStatus.PENDING), 2)).isEmpty();
    assertThat(waiting.displaced(wanted("staging", 5, 2, DeploymentStatus.PENDING), 2)).isPresent();
  }

  @Test
  void endsWhereItsOwnVersionIsTakenBack() {
    Promotion waiting =
        evaluated(0, 1)
            .begin(true, "", NOTHING)
            .promotion()
            .withRevision(1)
            .deployed(wanted("staging", 4, 1, DeploymentStatus.DEPLOYED), NOTHING)
            .orElseThrow()
            .promotion();
    Deployment back =
        new Deployment(
            "staging",
            "m",
            3,
            2,
            DeploymentStatus.PENDING,
            new Change(Cause.ROLLBACK, List.of("bob"), null, null),
            null,
            Instant.EPOCH);

    assertThat(waiting.displaced(back, 4))
        .hasValueSatisfying(
            d -> assertThat(d.promotion().message()).contains("staging went back to version 3"));
    assertThat(waiting.displaced(back, 2)).isEmpty();
  }

  @Test
  void refusesIllegalEdges() {
    Promotion rejected = evaluated(0).begin(false, "gates", NOTHING).promotion();

    assertThatThrownBy(() -> rejected.approved(List.of("bob"), null))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("REJECTED and cannot become DEPLOYING");
    assertThatThrownBy(() -> rejected.withRevision(1)).isInstanceOf(IllegalStateException.class);
  }

  private static Step.Promote promote(Decided decided) {
    return (Step.Promote) decided.step();
  }

  private static Promotion evaluated(int... approvers) {
    List<String> names = List.of("staging", "production");
    List<Stage> stages = new java.util.ArrayList<>();
    for (int i = 0; i < approvers.length; i++) {
      stages.add(new Stage(names.get(i), approvers[i]));
    }
    return new Promotion("m", 4, "flow-4", stages, 0, PromotionStatus.EVALUATED, null, null, null);
  }

  private static Deployment wanted(
      String environment, int version, long revision, DeploymentStatus status) {
    return new Deployment(
        environment,
        "m",
        version,
        revision,
        status,
        new Change(Cause.POLICY, List.of("policy"), null, "flow"),
        status == DeploymentStatus.FAILED ? "load-failed" : null,
        Instant.EPOCH);
  }
}
