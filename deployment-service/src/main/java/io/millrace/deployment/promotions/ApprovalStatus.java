package io.millrace.deployment.promotions;

import java.util.Set;

/** What became of an approval. */
enum ApprovalStatus {
  /** People may still decide. */
  PENDING,
  /** Enough people approved. */
  APPROVED,
  /** One person refused. */
  REJECTED,
  /** The question no longer stands: the environment wants another version. */
  SUPERSEDED;

  /** Whether an approval may go from this status to that one. */
  boolean canBecome(ApprovalStatus next) {
    return this == PENDING && Set.of(APPROVED, REJECTED, SUPERSEDED).contains(next);
  }
}
