package io.millrace.tracking.webhooks;

/** What became of one delivery. */
enum DeliveryStatus {
  /** Waits for its first or its next attempt. */
  PENDING,
  /** The receiver has taken it. */
  DELIVERED,
  /** Given up. */
  FAILED
}
