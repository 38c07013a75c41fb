package io.millrace.deployment.promotions;

import static io.millrace.deployment.promotions.PromotionStatus.AWAITING_APPROVAL;
import static io.millrace.deployment.promotions.PromotionStatus.COMPLETED;
import static io.millrace.deployment.promotions.PromotionStatus.DEPLOYING;
import static io.millrace.deployment.promotions.PromotionStatus.EVALUATED;
import static io.millrace.deployment.promotions.PromotionStatus.REJECTED;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PromotionStatusTest {
  private static final Map<PromotionStatus, Set<PromotionStatus>> TABLE =
      Map.of(
          EVALUATED, Set.of(AWAITING_APPROVAL, DEPLOYING, COMPLETED, REJECTED),
          AWAITING_APPROVAL, Set.of(DEPLOYING, REJECTED),
          DEPLOYING, Set.of(AWAITING_APPROVAL, DEPLOYING, COMPLETED, REJECTED),
          COMPLETED, Set.of(),
          REJECTED, Set.of());

  @ParameterizedTest
  @EnumSource
  void followsExactlyTheEdgesOfTheTable(PromotionStatus from) {
    for (PromotionStatus to : PromotionStatus.values()) {
      assertThat(from.canBecome(to))
          .as("%s to %s", from, to)
          .isEqualTo(TABLE.get(from).contains(to));
    }
  }

  @ParameterizedTest
  @EnumSource
  void isOpenWhileAnEdgeLeadsOut(PromotionStatus status) {
    assertThat(status.isOpen()).isEqualTo(!TABLE.get(status).isEmpty());
  }

  @ParameterizedTest
  @EnumSource
  void closesAnApprovalOnlyOnce(ApprovalStatus from) {
    for (ApprovalStatus to : ApprovalStatus.values()) {
      assertThat(from.canBecome(to))
          .as("%s to %s", from, to)
          .isEqualTo(from == ApprovalStatus.PENDING && to != ApprovalStatus.PENDING);
    }
  }
}
