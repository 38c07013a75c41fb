package io.millrace.deployment.promotions;

import io.millrace.database.Database;
import io.millrace.deployment.versions.ModelVersion;
import io.millrace.deployment.versions.ModelVersions;
import io.millrace.deployment.versions.StoredPackage;
import io.millrace.events.EvaluationFailed;
import io.millrace.events.FileRef;
import io.millrace.events.GateResult;
import io.millrace.events.ModelEvaluated;
import io.millrace.messaging.EventHandlersFactory;
import io.millrace.messaging.Inbox;
import io.millrace.messaging.ReceivedEvent;
import io.millrace.messaging.TerminalFailure;
import io.millrace.pipeline.InvalidPipeline;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.messaging.Message;

/** Takes verdicts from the evaluation workers. */
@Configuration(proxyBeanMethods = false)
class EvaluationListener {
  private final Database database;
  private final Inbox inbox;
  private final ModelVersions versions;
  private final Rollout rollout;

  EvaluationListener(Database database, Inbox inbox, ModelVersions versions, Rollout rollout) {
    this.database = database;
    this.inbox = inbox;
    this.versions = versions;
    this.rollout = rollout;
  }

  @Bean
  Consumer<Message<byte[]>> verdicts(EventHandlersFactory handlers) {
    return handlers
        .named("deployment.evaluations")
        .on(ModelEvaluated.class, this::evaluated)
        .on(EvaluationFailed.class, this::failed)
        .build();
  }

  private void evaluated(ReceivedEvent<ModelEvaluated> event) {
    ModelVersion version = read(event.payload());
    try {
      database.inTransactionVoid(
          tx -> {
            if (inbox.firstTime(tx, event)) {
              rollout.evaluated(tx, version);
            }
          });
    } catch (InvalidPipeline e) {
      throw new TerminalFailure(
          "invalid-pipeline", version.label() + " carries no valid pipeline: " + e.getMessage());
    }
  }

  private void failed(ReceivedEvent<EvaluationFailed> event) {
    EvaluationFailed failure = event.payload();
    database.inTransactionVoid(
        tx -> {
          if (inbox.firstTime(tx, event)) {
            versions.addFailure(
                tx,
                versions.currentName(tx, failure.getModelName(), failure.getVersion()),
                failure.getVersion(),
                failure.getReason(),
                failure.getMessage());
          }
        });
  }

  private static ModelVersion read(ModelEvaluated evaluated) {
    FileRef files = evaluated.getModelPackage();
    return new ModelVersion(
        evaluated.getModelName(),
        evaluated.getVersion(),
        evaluated.getRequestId(),
        evaluated.getRunId(),
        new StoredPackage(files.getUri(), files.getMediaType(), files.getSha256(), files.getSize()),
        evaluated.getPipeline(),
        evaluated.getRequestedBy(),
        evaluated.getVerdict().equals("PASSED"),
        verdict(evaluated));
  }

  /** The failed gates in words, or that there is none. */
  private static String verdict(ModelEvaluated evaluated) {
    String failed =
        evaluated.getGates().stream()
            .filter(gate -> !gate.getPassed())
            .map(EvaluationListener::words)
            .collect(Collectors.joining("; "));
    return failed.isEmpty() ? "No gate failed." : "Failed gates: " + failed;
  }

  private static String words(GateResult gate) {
    return "%s %s (%s)".formatted(gate.getMetric(), gate.getCondition(), gate.getMessage());
  }
}
