package io.millrace.tracking.intake;

import io.millrace.events.CodeRef;
import io.millrace.events.FileRef;
import io.millrace.events.TrainRequested;
import io.millrace.messaging.EventHandlersFactory;
import io.millrace.messaging.Inbox;
import io.millrace.messaging.ReceivedEvent;
import io.millrace.tracking.flows.FlowLog;
import java.util.Map;
import java.util.function.Consumer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.messaging.Message;

/** Hears training requests; the one reader of their topic, and so their way into the history. */
@Configuration(proxyBeanMethods = false)
class IntakeListener {

  private final Intake intake;
  private final FlowLog history;
  private final Inbox inbox;

  IntakeListener(Intake intake, FlowLog history, Inbox inbox) {
    this.intake = intake;
    this.history = history;
    this.inbox = inbox;
  }

  @Bean
  Consumer<Message<byte[]>> trainRequests(EventHandlersFactory handlers) {
    return handlers.named("tracking.intake").on(TrainRequested.class, this::requested).build();
  }

  private void requested(ReceivedEvent<TrainRequested> event) {
    String given = event.payload().getRequestId();
    RequestId id = RequestId.of(given, event.commandId());
    history.append(event, id.value());
    if (RequestId.unusable(given)) {
      intake.refuse(
          id.value(),
          event.commandId(),
          new Reason(
              "invalid-request-id",
              "The request id cannot be one: use 1 to 200 characters without control characters.",
              "requestId"));
      return;
    }
    intake.decide(unpacked(id, event.payload()), tx -> inbox.firstTime(tx, event));
  }

  private static TrainRequest unpacked(RequestId id, TrainRequested event) {
    return new TrainRequest(
        id,
        event.getPipeline(),
        event.getPipelineVersion(),
        event.getDefinition(),
        event.getOverrides() == null ? Map.of() : event.getOverrides(),
        event.getRequestedBy() == null ? TrainRequest.NOBODY : event.getRequestedBy(),
        event.getCode() == null ? null : unpacked(event.getCode()));
  }

  private static Code unpacked(CodeRef code) {
    FileRef archive = code.getArchive();
    FileRef diff = code.getDiff();
    return new Code(
        code.getCommit(),
        code.getBranch(),
        code.getRepository(),
        code.getSubdirectory(),
        code.getEntryPoint(),
        new Code.Stored(archive.getUri(), archive.getSha256()),
        diff == null ? null : new Code.Stored(diff.getUri(), diff.getSha256()));
  }
}
