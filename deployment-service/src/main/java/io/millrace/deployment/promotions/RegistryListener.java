package io.millrace.deployment.promotions;

import io.millrace.database.Database;
import io.millrace.database.Tx;
import io.millrace.events.ModelVersionDeleted;
import io.millrace.events.RegisteredModelDeleted;
import io.millrace.events.RegisteredModelRenamed;
import io.millrace.messaging.EventHandlersFactory;
import io.millrace.messaging.Inbox;
import io.millrace.messaging.ReceivedEvent;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.messaging.Message;

/** Hears what becomes of models in the registry. */
@Configuration(proxyBeanMethods = false)
class RegistryListener {
  private static final Logger log = LoggerFactory.getLogger(RegistryListener.class);

  private final Database database;
  private final Inbox inbox;
  private final Rollout rollout;

  RegistryListener(Database database, Inbox inbox, Rollout rollout) {
    this.database = database;
    this.inbox = inbox;
    this.rollout = rollout;
  }

  @Bean
  Consumer<Message<byte[]>> registry(EventHandlersFactory handlers) {
    return handlers
        .named("deployment.registry")
        .on(RegisteredModelRenamed.class, this::renamed)
        .on(RegisteredModelDeleted.class, this::modelDeleted)
        .on(ModelVersionDeleted.class, this::versionDeleted)
        .build();
  }

  private void renamed(ReceivedEvent<RegisteredModelRenamed> event) {
    RegisteredModelRenamed renamed = event.payload();
    Integer last = renamed.getLastVersion();
    once(
        event,
        tx -> {
          if (!rollout.renamed(
              tx,
              renamed.getPreviousName(),
              renamed.getModelName(),
              last == null ? Integer.MAX_VALUE : last)) {
            log.warn(
                "{} is {} in the registry now and goes on under its old name here, where an environment wants it",
                renamed.getPreviousName(),
                renamed.getModelName());
          }
        });
  }

  private void modelDeleted(ReceivedEvent<RegisteredModelDeleted> event) {
    RegisteredModelDeleted deleted = event.payload();
    Integer last = deleted.getLastVersion();
    if (last != null && last > 0) {
      once(event, tx -> rollout.deleted(tx, deleted.getModelName(), 1, last, deleted.getBy()));
    }
  }

  private void versionDeleted(ReceivedEvent<ModelVersionDeleted> event) {
    ModelVersionDeleted deleted = event.payload();
    int version = deleted.getVersion();
    once(
        event,
        tx -> rollout.deleted(tx, deleted.getModelName(), version, version, deleted.getBy()));
  }

  private void once(ReceivedEvent<?> event, Consumer<Tx> work) {
    database.inTransactionVoid(
        tx -> {
          if (inbox.firstTime(tx, event)) {
            work.accept(tx);
          }
        });
  }
}
