package io.millrace.messaging;

import java.security.SecureRandom;
import java.util.UUID;

/** Event ids: UUID version 7, so that they sort by the millisecond they were made in. */
final class EventIds {

  private static final SecureRandom RANDOM = new SecureRandom();

  private EventIds() {}

  static UUID next() {
    long high = (System.currentTimeMillis() << 16) | 0x7000 | (RANDOM.nextLong() & 0x0FFF);
    long low = (RANDOM.nextLong() & 0x3FFFFFFFFFFFFFFFL) | 0x8000000000000000L;
    return new UUID(high, low);
  }
}
