package io.millrace.artifact.artifacts;

import io.millrace.events.LoggedModelPurged;
import io.millrace.events.RunPurged;
import io.millrace.messaging.EventHandlersFactory;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.messaging.Message;

/** Removes the files of what is gone for good. Removing twice is harmless. */
@Configuration(proxyBeanMethods = false)
class PurgeListener {

  private static final Logger log = LoggerFactory.getLogger(PurgeListener.class);

  private final Artifacts artifacts;

  PurgeListener(Artifacts artifacts) {
    this.artifacts = artifacts;
  }

  @Bean
  Consumer<Message<byte[]>> purgedRuns(EventHandlersFactory handlers) {
    return handlers
        .named("artifact.purges")
        .on(RunPurged.class, event -> remove(event.payload().getArtifactUri()))
        .on(LoggedModelPurged.class, event -> remove(event.payload().getArtifactUri()))
        .build();
  }

  private void remove(String uri) {
    ArtifactPath.ofArtifactUri(uri)
        .ifPresentOrElse(
            artifacts::purge,
            () -> log.info("The files below {} are not kept here: left alone", uri));
  }
}
