package io.millrace.deployment.environments;

import static io.millrace.deployment.environments.DeploymentStatus.DEPLOYED;
import static io.millrace.deployment.environments.DeploymentStatus.FAILED;
import static io.millrace.deployment.environments.DeploymentStatus.PENDING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DeploymentTest {
  private static final Instant NOON = Instant.parse("2026-11-21T12:00:00.123456Z");
  private static final Change POLICY =
      new Change(Cause.POLICY, List.of(Change.POLICY), null, "flow-1");
  private static final Map<DeploymentStatus, Set<DeploymentStatus>> TABLE =
      Map.of(PENDING, Set.of(DEPLOYED, FAILED), DEPLOYED, Set.of(), FAILED, Set.of(DEPLOYED));

  @ParameterizedTest
  @EnumSource
  void followsExactlyTheEdgesOfTheTable(DeploymentStatus from) {
    for (DeploymentStatus to : DeploymentStatus.values()) {
      assertThat(from.canBecome(to))
          .as("%s to %s", from, to)
          .isEqualTo(TABLE.get(from).contains(to));
    }
  }

  @Test
  void countsRevisionsFromOneWithoutGaps() {
    Deployment first = Deployment.first("staging", "m", 3, POLICY, NOON);
    Deployment second = first.next(4, POLICY, NOON.plusSeconds(1));

    assertThat(first.revision()).isEqualTo(1);
    assertThat(second.revision()).isEqualTo(2);
    assertThat(second.status()).isEqualTo(PENDING);
  }

  @Test
  void keepsTheOrderOfDecisionsWhenTheClockGoesBack() {
    Deployment first = Deployment.first("staging", "m", 3, POLICY, NOON);
    Deployment second = first.next(4, POLICY, NOON.minusSeconds(3600));

    assertThat(second.decidedAt()).isEqualTo(first.decidedAt());
    assertThat(first.decidedAt()).isEqualTo(Instant.parse("2026-11-21T12:00:00.123Z"));
  }

  @Test
  void ignoresReportsOnOtherRevisions() {
    Deployment wanted = Deployment.first("staging", "m", 3, POLICY, NOON).next(4, POLICY, NOON);

    assertThat(wanted.reported(report(1, DEPLOYED))).isSameAs(wanted);
    assertThat(wanted.reported(report(2, DEPLOYED)).status()).isEqualTo(DEPLOYED);
  }

  @Test
  void staysDeployedWhenALaterReplicaFails() {
    Deployment served =
        Deployment.first("staging", "m", 3, POLICY, NOON).reported(report(1, DEPLOYED));

    assertThat(served.reported(report(1, FAILED))).isSameAs(served);
  }

  @Test
  void recoversWhenAReplicaSucceedsAfterAFailure() {
    Deployment failed =
        Deployment.first("staging", "m", 3, POLICY, NOON).reported(report(1, FAILED));

    assertThat(failed.message()).isEqualTo("load-failed: no memory");
    assertThat(failed.reported(report(1, DEPLOYED)).status()).isEqualTo(DEPLOYED);
    assertThat(failed.reported(report(1, DEPLOYED)).message()).isNull();
  }

  @Test
  void refusesAChangeByNobody() {
    assertThatThrownBy(() -> new Change(Cause.MANUAL, List.of(), null, null))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static ReplicaReport report(long revision, DeploymentStatus outcome) {
    return new ReplicaReport(
        "staging",
        "m",
        "replica-1",
        3,
        revision,
        outcome,
        outcome == FAILED ? "load-failed: no memory" : null,
        NOON.plusSeconds(2));
  }
}
