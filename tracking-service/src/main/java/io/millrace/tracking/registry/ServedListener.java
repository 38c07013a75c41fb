package io.millrace.tracking.registry;

import io.millrace.changes.Change;
import io.millrace.database.Database;
import io.millrace.events.ModelDeployed;
import io.millrace.events.ModelPromoted;
import io.millrace.messaging.EventHandlersFactory;
import io.millrace.messaging.ReceivedEvent;
import io.millrace.tracking.registry.RegistryHistory.Served;
import java.util.function.Consumer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.messaging.Message;

/** Hears what environments serve. Revisions order the events, so applying one twice is harmless. */
@Configuration(proxyBeanMethods = false)
class ServedListener {

  private final Database database;
  private final Registrar registrar;

  ServedListener(Database database, Registrar registrar) {
    this.database = database;
    this.registrar = registrar;
  }

  @Bean
  Consumer<Message<byte[]>> servedModels(EventHandlersFactory handlers) {
    return handlers
        .named("tracking.served")
        .on(ModelPromoted.class, this::promoted)
        .on(ModelDeployed.class, this::deployed)
        .build();
  }

  private void promoted(ReceivedEvent<ModelPromoted> event) {
    ModelPromoted promoted = event.payload();
    note(
        new Served(
            Transition.PROMOTED,
            promoted.getEnvironment(),
            promoted.getModelName(),
            promoted.getVersion(),
            promoted.getPreviousVersion(),
            promoted.getRevision(),
            promoted.getCause(),
            promoted.getRequestId(),
            event.time()),
        new Change(String.join(", ", promoted.getBy()), promoted.getComment()));
  }

  private void deployed(ReceivedEvent<ModelDeployed> event) {
    ModelDeployed deployed = event.payload();
    note(
        new Served(
            Transition.DEPLOYED,
            deployed.getEnvironment(),
            deployed.getModelName(),
            deployed.getVersion(),
            deployed.getPreviousVersion(),
            deployed.getRevision(),
            null,
            deployed.getRequestId(),
            event.time()),
        new Change(deployed.getReplica(), null));
  }

  private void note(Served what, Change change) {
    database.inTransactionVoid(tx -> registrar.noteServed(tx, what, change));
  }
}
