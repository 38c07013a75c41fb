package io.millrace.training.process;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/** Up where there is a trainer to start; part of readiness. */
@Component
final class TrainerHealthIndicator implements HealthIndicator {

  private final TrainerCommand command;

  TrainerHealthIndicator(TrainerCommand command) {
    this.command = command;
  }

  @Override
  public Health health() {
    try {
      return Health.up().withDetail("trainer", command.describe()).build();
    } catch (IllegalStateException e) {
      return Health.down().withDetail("reason", String.valueOf(e.getMessage())).build();
    }
  }
}
