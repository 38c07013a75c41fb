package io.millrace.tracking.webhooks;

import io.millrace.database.Database;
import io.millrace.database.Tx;
import io.millrace.tracking.flows.History;
import io.millrace.tracking.webhooks.Deliveries.Known;
import io.millrace.tracking.webhooks.Deliveries.New;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Makes deliveries of events. The place up to which it has read the history moves in the
 * transaction that queues the deliveries, so every event becomes one delivery for each webhook that
 * wants it, however often a process is killed and however many there are.
 */
@Component
class FanOut {

  private static final int AT_A_TIME = 100;

  private final Database database;
  private final History history;
  private final Webhooks webhooks;
  private final Deliveries deliveries;
  private final MlflowWebhookMessages mlflow;

  FanOut(
      Database database,
      History history,
      Webhooks webhooks,
      Deliveries deliveries,
      MlflowWebhookMessages mlflow) {
    this.database = database;
    this.history = history;
    this.webhooks = webhooks;
    this.deliveries = deliveries;
    this.mlflow = mlflow;
  }

  /** Takes the next events; returns whether there may be more. */
  boolean next() {
    return database.inTransaction(
        tx -> {
          long place = deliveries.lockCursor(tx);
          // The events before the webhooks: one that is made in between begins behind them.
          long head = history.head(tx);
          if (head <= place) {
            return false;
          }
          List<History.Entry> entries = history.after(tx, place, AT_A_TIME);
          List<Webhook> active = webhooks.active(tx);
          if (active.isEmpty() || entries.isEmpty()) {
            deliveries.moveCursor(tx, head);
            return false;
          }
          deliveries.add(tx, wanted(tx, entries, active));
          deliveries.moveCursor(tx, entries.getLast().event().seq());
          return entries.size() == AT_A_TIME;
        });
  }

  private List<New> wanted(Tx tx, List<History.Entry> entries, List<Webhook> active) {
    boolean registry = active.stream().anyMatch(it -> it.form() == WebhookForm.MLFLOW);
    List<New> wanted = new ArrayList<>();
    for (History.Entry entry : entries) {
      Message standard = StandardMessages.of(entry);
      Optional<Message> action = registry ? mlflow.of(tx, entry) : Optional.empty();
      for (Webhook webhook : active) {
        Message message = webhook.form() == WebhookForm.STANDARD ? standard : action.orElse(null);
        if (message != null
            && entry.event().seq() > webhook.after()
            && wants(webhook, message, entry)) {
          wanted.add(new New(webhook, message, entry.event(), null));
        }
      }
    }
    return wanted;
  }

  private static boolean wants(Webhook webhook, Message message, History.Entry entry) {
    return webhook
        .subscription()
        .wants(message.type(), entry.modelName(), entry.pipeline(), entry.event().flowId());
  }

  /**
   * Queues what a webhook wants of a time again.
   *
   * @param delivered whether also what has been delivered
   * @param most refuses where there would be more
   * @return how many; empty where there would be more than the most
   */
  Optional<Integer> replay(
      Tx tx, Webhook webhook, Instant from, Instant to, boolean delivered, int most) {
    long end = deliveries.cursor(tx);
    long place = 0;
    int queued = 0;
    while (true) {
      List<History.Entry> entries =
          history.between(tx, from, to, place, AT_A_TIME).stream()
              .filter(entry -> entry.event().seq() <= end)
              .toList();
      if (entries.isEmpty()) {
        return Optional.of(queued);
      }
      place = entries.getLast().event().seq();
      List<New> again = again(tx, webhook, entries, delivered);
      queued += again.size();
      if (queued > most) {
        return Optional.empty();
      }
      deliveries.add(tx, again);
    }
  }

  private List<New> again(Tx tx, Webhook webhook, List<History.Entry> entries, boolean delivered) {
    Map<Long, Known> known =
        deliveries
            .known(tx, webhook.id(), entries.stream().map(entry -> entry.event().seq()).toList())
            .stream()
            .collect(Collectors.toMap(Known::seq, Function.identity()));
    List<New> again = new ArrayList<>();
    for (History.Entry entry : entries) {
      @Nullable Known before = known.get(entry.event().seq());
      if (before != null && (before.pending() || (before.delivered() && !delivered))) {
        continue;
      }
      Optional<Message> message =
          webhook.form() == WebhookForm.STANDARD
              ? Optional.of(StandardMessages.of(entry))
              : mlflow.of(tx, entry);
      message
          .filter(it -> wants(webhook, it, entry))
          .ifPresent(
              it ->
                  again.add(
                      new New(webhook, it, entry.event(), before == null ? null : before.first())));
    }
    return again;
  }
}
