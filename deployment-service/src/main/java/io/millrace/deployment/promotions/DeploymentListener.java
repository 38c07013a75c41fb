package io.millrace.deployment.promotions;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.millrace.database.Database;
import io.millrace.deployment.environments.Deployment;
import io.millrace.deployment.environments.DeploymentStatus;
import io.millrace.deployment.environments.ReplicaReport;
import io.millrace.events.DeploymentFailed;
import io.millrace.events.ModelDeployed;
import io.millrace.messaging.EventHandlersFactory;
import io.millrace.messaging.Inbox;
import io.millrace.messaging.ReceivedEvent;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.messaging.Message;

/** Takes the reports of the inference replicas. */
@Configuration(proxyBeanMethods = false)
class DeploymentListener {
  private final Database database;
  private final Inbox inbox;
  private final Rollout rollout;
  private final MeterRegistry meters;

  DeploymentListener(Database database, Inbox inbox, Rollout rollout, MeterRegistry meters) {
    this.database = database;
    this.inbox = inbox;
    this.rollout = rollout;
    this.meters = meters;
  }

  @Bean
  Consumer<Message<byte[]>> reports(EventHandlersFactory handlers) {
    return handlers
        .named("deployment.deployments")
        .on(ModelDeployed.class, this::deployed)
        .on(DeploymentFailed.class, this::failed)
        .build();
  }

  private void deployed(ReceivedEvent<ModelDeployed> event) {
    ModelDeployed deployed = event.payload();
    take(
        event,
        new ReplicaReport(
            deployed.getEnvironment(),
            deployed.getModelName(),
            deployed.getReplica(),
            deployed.getVersion(),
            deployed.getRevision(),
            DeploymentStatus.DEPLOYED,
            null,
            event.time()));
  }

  private void failed(ReceivedEvent<DeploymentFailed> event) {
    DeploymentFailed failed = event.payload();
    take(
        event,
        new ReplicaReport(
            failed.getEnvironment(),
            failed.getModelName(),
            failed.getReplica(),
            failed.getVersion(),
            failed.getRevision(),
            DeploymentStatus.FAILED,
            failed.getReason() + ": " + failed.getMessage(),
            event.time()));
  }

  private void take(ReceivedEvent<?> event, ReplicaReport report) {
    Optional<Deployment> changed =
        database.inTransaction(
            tx ->
                inbox.firstTime(tx, event)
                    ? rollout.reported(tx, report)
                    : Optional.<Deployment>empty());
    changed.ifPresent(now -> measure(now, report));
  }

  private void measure(Deployment now, ReplicaReport report) {
    Duration took = Duration.between(now.decidedAt(), report.at());
    Timer.builder("millrace.deployment.duration")
        .description("From the decision to the first report of a replica.")
        .tag("environment", now.environment())
        .tag("outcome", now.status().name().toLowerCase(Locale.ROOT))
        .register(meters)
        .record(took.isNegative() ? Duration.ZERO : took);
  }
}
