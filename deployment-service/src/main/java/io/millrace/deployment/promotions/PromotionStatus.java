package io.millrace.deployment.promotions;

import java.util.Set;

/** Where a model version is on its way through the environments of its pipeline. */
enum PromotionStatus {
  /** It has a verdict, nothing is decided yet. */
  EVALUATED,
  /** People must approve it for the current environment. */
  AWAITING_APPROVAL,
  /** The current environment wants it, no replica serves it yet. */
  DEPLOYING,
  /** The last environment serves it. */
  COMPLETED,
  /** It goes no further. */
  REJECTED;

  /** Whether a promotion may go from this status to that one. */
  boolean canBecome(PromotionStatus next) {
    return edges().contains(next);
  }

  /** Whether something is still to happen. */
  boolean isOpen() {
    return !edges().isEmpty();
  }

  private Set<PromotionStatus> edges() {
    return switch (this) {
      case EVALUATED -> Set.of(AWAITING_APPROVAL, DEPLOYING, COMPLETED, REJECTED);
      case AWAITING_APPROVAL -> Set.of(DEPLOYING, REJECTED);
      // Itself: the next environment is automatic too.
      case DEPLOYING -> Set.of(AWAITING_APPROVAL, DEPLOYING, COMPLETED, REJECTED);
      case COMPLETED, REJECTED -> Set.of();
    };
  }
}
