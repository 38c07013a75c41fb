package io.millrace.artifact.storage;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/** Up while the bucket answers; part of readiness. */
@Component
final class S3HealthIndicator implements HealthIndicator {

  private final ObjectStore store;

  S3HealthIndicator(ObjectStore store) {
    this.store = store;
  }

  @Override
  public Health health() {
    try {
      return store.bucketExists()
          ? Health.up().withDetail("bucket", store.address()).build()
          : Health.down().withDetail("reason", "no bucket " + store.address()).build();
    } catch (StorageUnavailable e) {
      return Health.down().withDetail("reason", String.valueOf(e.getMessage())).build();
    }
  }
}
