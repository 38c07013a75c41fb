package io.millrace.monitoring.models;

import io.millrace.database.Database;
import io.millrace.events.DesiredState;
import io.millrace.messaging.EventHandlersFactory;
import io.millrace.messaging.ReceivedEvent;
import io.millrace.messaging.ReceivedTombstone;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.messaging.Message;

/**
 * Learns what is served. Each record is applied once by its revision, so that a repetition changes
 * nothing; how far the topic is applied is stored beside it.
 */
@Configuration(proxyBeanMethods = false)
class DesiredStateListener {

  private static final Logger log = LoggerFactory.getLogger(DesiredStateListener.class);

  private final Database database;
  private final Watches watches;
  private final ProfileLoader profiles;

  DesiredStateListener(Database database, Watches watches, ProfileLoader profiles) {
    this.database = database;
    this.watches = watches;
    this.profiles = profiles;
  }

  @Bean
  Consumer<Message<byte[]>> desiredStates(EventHandlersFactory handlers) {
    return handlers
        .named("monitoring.desired-states")
        .on(DesiredState.class, this::follow)
        .onTombstone(this::forget)
        .build();
  }

  private void follow(ReceivedEvent<DesiredState> event) {
    DesiredState state = event.payload();
    boolean newer =
        database.inTransaction(
            tx -> {
              boolean followed = watches.follow(tx, state);
              watches.applied(tx, event.topic(), event.partition(), event.offset());
              return followed;
            });
    if (newer) {
      log.info(
          "Watching {}/{} version {} (revision {})",
          state.getEnvironment(),
          state.getModelName(),
          state.getVersion(),
          state.getRevision());
      profiles.wake();
    }
  }

  private void forget(ReceivedTombstone tombstone) {
    int slash = tombstone.key().indexOf('/');
    database.inTransactionVoid(
        tx -> {
          if (slash > 0) {
            watches.forget(
                tx,
                new ModelKey(
                    tombstone.key().substring(0, slash), tombstone.key().substring(slash + 1)));
          }
          watches.applied(tx, tombstone.topic(), tombstone.partition(), tombstone.offset());
        });
  }
}
