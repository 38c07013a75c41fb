package io.millrace.messaging;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.millrace.database.Database;
import io.millrace.database.DatabaseAutoConfiguration;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.cloud.stream.config.ConsumerEndpointCustomizer;
import org.springframework.cloud.stream.config.ListenerContainerCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;
import org.springframework.core.env.Environment;
import org.springframework.integration.kafka.inbound.KafkaMessageDrivenChannelAdapter;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.messaging.Message;

/**
 * Messaging of one service: topics, publisher, handlers, work queues, dead letters; with
 * `millrace.postgres.schema` also outbox, relay and inbox. `millrace.messaging.enabled=false`
 * leaves all of it out.
 */
@AutoConfiguration(after = DatabaseAutoConfiguration.class)
@ConditionalOnProperty(name = "millrace.messaging.enabled", matchIfMissing = true)
@EnableConfigurationProperties({
  KafkaSettings.class,
  ConsumerSettings.class,
  WorkSettings.class,
  OutboxSettings.class,
  InboxSettings.class
})
public class MessagingAutoConfiguration {

  @Bean
  ServiceName millraceServiceName(Environment environment) {
    return new ServiceName(environment.getProperty("spring.application.name", "millrace"));
  }

  @Bean
  @Lazy(false)
  KafkaClients millraceKafkaClients(KafkaSettings settings, ServiceName service) {
    KafkaClients clients = new KafkaClients(settings, service);
    TopicCreation.ensure(clients, settings.startupTimeout());
    return clients;
  }

  @Bean
  EventCodec eventCodec() {
    return new EventCodec();
  }

  @Bean
  RecordDecoder recordDecoder(EventCodec codec) {
    return new RecordDecoder(codec);
  }

  @Bean
  EventPublisher eventPublisher(KafkaClients clients, EventCodec codec, ServiceName service) {
    return new EventPublisher(clients, codec, service);
  }

  @Bean
  EventHandlersFactory eventHandlersFactory(
      RecordDecoder decoder, ObjectProvider<MeterRegistry> meters) {
    return new EventHandlersFactory(decoder, meters(meters));
  }

  @Bean
  DeadLetterWriter deadLetterWriter(
      EventPublisher publisher, ObjectProvider<MeterRegistry> meters) {
    return new DeadLetterWriter(publisher, meters(meters));
  }

  @Bean
  DeadLetters deadLetters(KafkaClients clients, RecordDecoder decoder) {
    return new DeadLetters(clients, decoder);
  }

  @Bean
  WorkQueues workQueues(
      KafkaClients clients,
      RecordDecoder decoder,
      DeadLetterWriter deadLetters,
      WorkSettings settings,
      ObjectProvider<MeterRegistry> meters) {
    return new WorkQueues(clients, decoder, deadLetters, settings, meters(meters));
  }

  @Bean
  ListenerContainerCustomizer<AbstractMessageListenerContainer<?, ?>> consumerFailures(
      ConsumerSettings settings, DeadLetterWriter deadLetters) {
    return (container, destination, group) ->
        container.setCommonErrorHandler(ConsumerFailures.of(group, settings, deadLetters));
  }

  @Bean
  ConsumerEndpointCustomizer<KafkaMessageDrivenChannelAdapter<byte[], byte[]>> sourceRecords() {
    return (adapter, destination, group) -> {
      adapter.setRecordMessageConverter(new SourceRecords());
      // Failures go to the container's error handler and nowhere else.
      adapter.setErrorChannel(MessagingAutoConfiguration::rethrow);
    };
  }

  private static boolean rethrow(Message<?> error, long timeout) {
    if (error.getPayload() instanceof RuntimeException failure) {
      throw failure;
    }
    throw new IllegalStateException("A binding failed: " + error.getPayload());
  }

  private static MeterRegistry meters(ObjectProvider<MeterRegistry> meters) {
    return meters.getIfAvailable(CompositeMeterRegistry::new);
  }

  /** What needs the service's database. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnProperty("millrace.postgres.schema")
  static class WithDatabase {

    @Bean
    Outbox outbox(EventCodec codec, ServiceName service, Relay relay) {
      return new Outbox(codec, service, relay);
    }

    @Bean
    Inbox inbox(ServiceName service) {
      return new Inbox(service);
    }

    @Bean
    @Lazy(false)
    Relay outboxRelay(
        Database database,
        KafkaClients clients,
        OutboxSettings settings,
        ObjectProvider<MeterRegistry> meters) {
      return new Relay(database, clients, settings, meters(meters));
    }

    @Bean
    MeterBinder databaseMeters(Database database) {
      return meters ->
          Gauge.builder("millrace.database.connections.used", database, Database::connectionsInUse)
              .description("Connections of the pool that are in use")
              .register(meters);
    }

    @Bean
    @Lazy(false)
    InboxCleanup inboxCleanup(Database database, InboxSettings settings) {
      return new InboxCleanup(database, settings);
    }
  }
}
