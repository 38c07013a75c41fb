package io.millrace.inference.models;

import io.millrace.events.DeploymentFailed;
import io.millrace.events.ModelDeployed;
import io.millrace.messaging.EventPublisher;
import io.millrace.schemas.Topics;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Tells what this replica serves. The event id follows from endpoint, version, revision and
 * replica, so that a repetition after a restart is recognised; publishing is repeated until Kafka
 * has it.
 */
@Component
class DeploymentEvents {

  private static final Logger log = LoggerFactory.getLogger(DeploymentEvents.class);
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final EventPublisher publisher;
  private final String replica;

  DeploymentEvents(EventPublisher publisher, ServingSettings settings) {
    this.publisher = publisher;
    this.replica = settings.replica();
  }

  void deployed(Wanted wanted, int version, @Nullable Integer previous)
      throws InterruptedException {
    publish(
        wanted,
        ModelDeployed.newBuilder()
            .setRequestId(wanted.requestId())
            .setEnvironment(wanted.endpoint().environment())
            .setModelName(wanted.endpoint().model())
            .setVersion(version)
            .setRevision(wanted.revision())
            .setReplica(replica)
            .setPreviousVersion(previous)
            .setLoadMillis(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - wanted.seenAtNanos()))
            .build(),
        "deployed");
  }

  void failed(Wanted wanted, int version, String reason, String message, @Nullable Integer serving)
      throws InterruptedException {
    publish(
        wanted,
        DeploymentFailed.newBuilder()
            .setRequestId(wanted.requestId())
            .setEnvironment(wanted.endpoint().environment())
            .setModelName(wanted.endpoint().model())
            .setVersion(version)
            .setRevision(wanted.revision())
            .setReplica(replica)
            .setReason(reason)
            .setMessage(message.length() > 2000 ? message.substring(0, 2000) : message)
            .setServingVersion(serving)
            .build(),
        reason);
  }

  private void publish(Wanted wanted, SpecificRecord event, String outcome)
      throws InterruptedException {
    UUID id =
        UUID.nameUUIDFromBytes(
            String.join(
                    "\n",
                    wanted.endpoint().environment(),
                    wanted.endpoint().model(),
                    String.valueOf(wanted.version()),
                    Long.toString(wanted.revision()),
                    replica,
                    outcome)
                .getBytes(StandardCharsets.UTF_8));
    while (true) {
      try {
        publisher
            .publish(
                Topics.DEPLOYMENTS, wanted.endpoint().toString(), event, wanted.requestId(), id)
            .get(30, TimeUnit.SECONDS);
        return;
      } catch (ExecutionException | TimeoutException e) {
        log.warn(
            "{} of {} is not published yet, trying again: {}",
            event.getSchema().getName(),
            wanted.endpoint(),
            e.toString());
        Thread.sleep(PAUSE);
      }
    }
  }
}
