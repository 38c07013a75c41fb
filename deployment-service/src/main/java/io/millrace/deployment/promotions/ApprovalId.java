package io.millrace.deployment.promotions;

import java.security.SecureRandom;
import java.time.Clock;
import java.util.UUID;

/** Approval ids: UUID version 7, so that newer ones sort after older ones. */
final class ApprovalId {
  private static final SecureRandom RANDOM = new SecureRandom();

  private ApprovalId() {}

  static UUID next(Clock clock) {
    long high = (clock.millis() << 16) | 0x7000 | (RANDOM.nextLong() & 0x0FFF);
    long low = (RANDOM.nextLong() & 0x3FFFFFFFFFFFFFFFL) | 0x8000000000000000L;
    return new UUID(high, low);
  }
}
