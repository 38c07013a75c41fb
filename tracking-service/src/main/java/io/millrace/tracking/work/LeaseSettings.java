package io.millrace.tracking.work;

import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How workers hold runs ({@code millrace.leases.*}).
 *
 * @param lease how long a start or heartbeat keeps others away, 5 s to 10 min
 * @param lostAfter how long after its job's dead letter, and after the end of its lease, a run
 *     counts as lost
 * @param lostCheck how often that is looked at
 * @param maxLostAttempts attempts without a report or a release after which a run is not started
 *     again, 1 to 100
 */
@ConfigurationProperties("millrace.leases")
record LeaseSettings(
    @DefaultValue("30s") Duration lease,
    @DefaultValue("1m") Duration lostAfter,
    @DefaultValue("30s") Duration lostCheck,
    @DefaultValue("4") int maxLostAttempts) {

  LeaseSettings {
    if (lease.compareTo(Duration.ofSeconds(5)) < 0 || lease.compareTo(Duration.ofMinutes(10)) > 0) {
      throw new IllegalArgumentException("millrace.leases.lease is " + lease + ", not 5s to 10m");
    }
    if (maxLostAttempts < 1 || maxLostAttempts > 100) {
      throw new IllegalArgumentException(
          "millrace.leases.max-lost-attempts is " + maxLostAttempts + ", not 1 to 100");
    }
  }
}
