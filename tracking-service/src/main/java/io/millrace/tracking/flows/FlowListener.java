package io.millrace.tracking.flows;

import io.millrace.messaging.EventHandlers;
import io.millrace.messaging.EventHandlersFactory;
import io.millrace.schemas.Topic;
import io.millrace.schemas.Topics;
import java.util.function.Consumer;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.messaging.Message;

/** Hears every event of every topic with history. */
@Configuration(proxyBeanMethods = false)
class FlowListener {

  @Bean
  Consumer<Message<byte[]>> flowEvents(EventHandlersFactory factory, FlowLog log) {
    EventHandlers handlers = factory.named("tracking.flows").complete();
    for (Topic topic : Topics.all()) {
      if (topic.history() && topic != Topics.TRAIN_REQUESTS) {
        topic.schemas().forEach(schema -> handlers.on(type(schema), log::append));
      }
    }
    return handlers.build();
  }

  private static Class<? extends SpecificRecord> type(Schema schema) {
    return SpecificData.get().getClass(schema).asSubclass(SpecificRecord.class);
  }
}
