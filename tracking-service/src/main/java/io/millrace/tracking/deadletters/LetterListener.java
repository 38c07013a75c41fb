package io.millrace.tracking.deadletters;

import io.millrace.events.TrainRequested;
import io.millrace.messaging.DeadLetter;
import io.millrace.messaging.EventHandlersFactory;
import io.millrace.messaging.ReceivedDeadLetter;
import io.millrace.schemas.Topics;
import io.millrace.tracking.flows.FlowLog;
import io.millrace.tracking.intake.Intake;
import io.millrace.tracking.intake.Reason;
import io.millrace.tracking.work.Work;
import java.util.function.Consumer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.messaging.Message;

/**
 * Hears of records that were put aside: each is shown in its flow; a request that could not be read
 * is rejected, and a run whose job is gone may count as lost. Hearing it twice changes nothing.
 */
@Configuration(proxyBeanMethods = false)
class LetterListener {

  private final FlowLog history;
  private final Intake intake;
  private final Work work;

  LetterListener(FlowLog history, Intake intake, Work work) {
    this.history = history;
    this.intake = intake;
    this.work = work;
  }

  @Bean
  Consumer<Message<byte[]>> letters(EventHandlersFactory handlers) {
    return handlers.deadLetters(this::received);
  }

  private void received(ReceivedDeadLetter received) {
    DeadLetter letter = received.letter();
    boolean request = letter.originalTopic().equals(Topics.TRAIN_REQUESTS.name());
    String given =
        received.payload() instanceof TrainRequested readable ? readable.getRequestId() : "";
    String flowId = request ? Intake.requestId(given, received.commandId()) : received.flowId();
    history.append(
        new FlowLog.DeadLettered(
            letter.originalTopic(),
            letter.originalPartition(),
            letter.originalOffset(),
            letter.consumer(),
            letter.reason(),
            letter.message(),
            letter.key(),
            flowId,
            letter.time()));
    if (request) {
      intake.refuse(
          given, received.commandId(), new Reason(letter.reason(), letter.message(), null));
    } else if (letter.originalTopic().equals(Topics.TRAINING_JOBS.name())) {
      work.deadLettered(letter.key(), letter.reason() + ": " + letter.message());
    }
  }
}
