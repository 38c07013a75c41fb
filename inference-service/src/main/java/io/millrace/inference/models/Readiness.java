package io.millrace.inference.models;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/** Ready once the models wanted at the start have been loaded or refused. */
@Component("models")
public final class Readiness implements HealthIndicator {

  private final DesiredStates states;
  private final ModelTable table;

  Readiness(DesiredStates states, ModelTable table) {
    this.states = states;
    this.table = table;
  }

  /** Whether this replica is to get requests. */
  public boolean ready() {
    return states.ready();
  }

  @Override
  public Health health() {
    return (ready() ? Health.up() : Health.outOfService())
        .withDetail("served", table.all().size())
        .build();
  }
}
