package io.millrace.tracking.registry;

import io.millrace.database.Database;
import io.millrace.events.ModelDeployed;
import io.millrace.events.ModelPromoted;
import io.millrace.messaging.EventHandlersFactory;
import java.util.function.Consumer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.messaging.Message;

/** Hears what environments serve. Revisions order the events, so applying one twice is harmless. */
@Configuration(proxyBeanMethods = false)
class ServedListener {

  private final Database database;
  private final ServedVersions served;

  ServedListener(Database database, ServedVersions served) {
    this.database = database;
    this.served = served;
  }

  @Bean
  Consumer<Message<byte[]>> servedModels(EventHandlersFactory handlers) {
    return handlers
        .named("tracking.served")
        .on(
            ModelPromoted.class,
            event ->
                note(
                    event.payload().getEnvironment(),
                    event.payload().getModelName(),
                    event.payload().getRevision(),
                    event.payload().getVersion()))
        .on(
            ModelDeployed.class,
            event ->
                note(
                    event.payload().getEnvironment(),
                    event.payload().getModelName(),
                    event.payload().getRevision(),
                    event.payload().getVersion()))
        .build();
  }

  private void note(String environment, String model, long revision, int version) {
    database.inTransactionVoid(tx -> served.note(tx, environment, model, revision, version));
  }
}
