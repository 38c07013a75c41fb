package io.millrace.deployment.promotions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.problems.ApiProblem;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ApprovalTest {
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");

  @Test
  void closesWhenEnoughPeopleApprove() {
    Approval one = approval(2).decide(new Person("bob"), true, "fine", NOW);
    Approval two = one.decide(new Person("carol"), true, null, NOW);

    assertThat(one.status()).isEqualTo(ApprovalStatus.PENDING);
    assertThat(two.status()).isEqualTo(ApprovalStatus.APPROVED);
    assertThat(two.approvedBy()).containsExactly("bob", "carol");
    assertThat(two.closedAt()).isEqualTo(NOW);
  }

  @ParameterizedTest
  @ValueSource(strings = {"bob", " Bob ", "BOB", "\uFF42ob"})
  void countsOnePersonOnceInEverySpelling(String again) {
    Approval one = approval(2).decide(new Person("bob"), true, null, NOW);

    assertThat(one.decide(new Person(again), true, null, NOW)).isSameAs(one);
  }

  @ParameterizedTest
  @ValueSource(strings = {"alice", "Alice", " ALICE "})
  void refusesWhoAsked(String by) {
    assertThatThrownBy(() -> approval(1).decide(new Person(by), true, null, NOW))
        .isInstanceOfSatisfying(
            ApiProblem.class, refusal -> assertThat(refusal.code()).isEqualTo("own-request"));
    assertThatThrownBy(() -> approval(1).decide(new Person(by), false, null, NOW))
        .isInstanceOf(ApiProblem.class);
  }

  @Test
  void endsWithTheFirstNo() {
    Approval no =
        approval(3)
            .decide(new Person("bob"), true, null, NOW)
            .decide(new Person("carol"), false, "biased", NOW);

    assertThat(no.status()).isEqualTo(ApprovalStatus.REJECTED);
    assertThat(no.decisions()).hasSize(2);
  }

  @Test
  void letsSomebodyThinkAgainWhileItIsOpen() {
    Approval no =
        approval(2)
            .decide(new Person("bob"), true, null, NOW)
            .decide(new Person("bob"), false, "on reflection", NOW);

    assertThat(no.status()).isEqualTo(ApprovalStatus.REJECTED);
  }

  @Test
  void refusesDecisionsAfterItIsClosedButToleratesTheSameOneTwice() {
    Approval closed = approval(1).decide(new Person("bob"), true, null, NOW);

    assertThat(closed.decide(new Person("bob"), true, null, NOW)).isSameAs(closed);
    for (Person late : List.of(new Person("carol"), new Person("bob"))) {
      assertThatThrownBy(() -> closed.decide(late, false, null, NOW))
          .isInstanceOfSatisfying(
              ApiProblem.class, refusal -> assertThat(refusal.code()).isEqualTo("approval-closed"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "   "})
  void wantsAName(String nobody) {
    assertThatThrownBy(() -> Person.of(nobody))
        .isInstanceOfSatisfying(
            ApiProblem.class, refusal -> assertThat(refusal.code()).isEqualTo("who"));
    assertThatThrownBy(() -> Person.of(null)).isInstanceOf(ApiProblem.class);
  }

  private static Approval approval(int approvers) {
    return new Approval(
        UUID.randomUUID(),
        "flow-1",
        "m",
        4,
        "production",
        approvers,
        "alice",
        List.of("alice"),
        ApprovalStatus.PENDING,
        List.of(),
        NOW,
        null);
  }
}
