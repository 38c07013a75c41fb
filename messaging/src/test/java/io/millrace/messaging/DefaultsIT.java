package io.millrace.messaging;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.database.Database;
import io.millrace.embedded.EmbeddedPlatform;
import io.millrace.schemas.Topics;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.Test;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

class DefaultsIT {

  @Configuration(proxyBeanMethods = false)
  static class Nothing {}

  @Test
  void standBelowEverythingTheServiceSays() {
    // defaults-test.yml imports millrace-defaults.yml and changes three of the defaults.
    try (ConfigurableApplicationContext context =
        TestService.of(Nothing.class, "defaults-test").start()) {
      var environment = context.getEnvironment();
      assertThat(environment.getProperty("server.shutdown")).isEqualTo("immediate");
      assertThat(environment.getProperty("server.address")).isEqualTo("127.0.0.1");
      assertThat(environment.getProperty("spring.threads.virtual.enabled")).isEqualTo("true");
      assertThat(context.getBean(ConsumerSettings.class).maxAttempts()).isEqualTo(7);
      assertThat(context.getBean(OutboxSettings.class).batchSize()).isEqualTo(500);
    }
  }

  @Test
  void leaveOutTheDatabaseWhereThereIsNoSchemaAndEverythingWhereMessagingIsOff() {
    try (ConfigurableApplicationContext context =
        TestService.of(Nothing.class, "no-database-test").start()) {
      assertThat(context.getBeanNamesForType(Database.class)).isEmpty();
      assertThat(context.getBeanNamesForType(Outbox.class)).isEmpty();
      assertThat(context.getBeanNamesForType(EventPublisher.class)).hasSize(1);
    }
    try (ConfigurableApplicationContext context =
        TestService.of(Nothing.class, "off-test")
            .with("millrace.messaging.enabled", "false")
            .start()) {
      assertThat(context.getBeanNamesForType(EventPublisher.class)).isEmpty();
    }
  }

  @Test
  void keepSeveralContextsOfOneProgramApart() {
    var fresh = EmbeddedPlatform.shared().freshDatabase();
    try (ConfigurableApplicationContext one =
            TestService.of(Nothing.class, "one-test")
                .withDatabase(fresh)
                .with("millrace.postgres.schema", "one")
                .start();
        ConfigurableApplicationContext two =
            TestService.of(Nothing.class, "two-test")
                .withDatabase(fresh)
                .with("millrace.postgres.schema", "two")
                .start()) {
      Database first = one.getBean(Database.class);
      Database second = two.getBean(Database.class);
      assertThat(first.settings().schema()).isEqualTo("one");
      assertThat(second.settings().schema()).isEqualTo("two");
      one.close();
      long rows =
          second.<Long>read(
              tx ->
                  tx.queryOne("select count(*) as n from outbox", row -> row.int8("n"))
                      .orElseThrow());
      assertThat(rows).isZero();
    }
  }

  @Test
  void createTheTopicsOfTheCatalogueAsItDeclaresThem() throws Exception {
    try (ConfigurableApplicationContext context =
            TestService.of(Nothing.class, "topics-test").start();
        Admin admin =
            Admin.create(Map.of("bootstrap.servers", EmbeddedPlatform.shared().kafkaBootstrap()))) {
      assertThat(context.isRunning()).isTrue();
      Set<String> names = admin.listTopics().names().get();
      assertThat(names)
          .containsAll(Topics.all().stream().map(topic -> topic.name()).toList())
          .containsAll(Topics.all().stream().map(topic -> topic.deadLetterName()).toList());
      Map<String, Integer> partitions =
          admin.describeTopics(names).allTopicNames().get().entrySet().stream()
              .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().partitions().size()));
      Topics.all()
          .forEach(topic -> assertThat(partitions).containsEntry(topic.name(), topic.partitions()));
      ConfigResource state =
          new ConfigResource(ConfigResource.Type.TOPIC, Topics.DESIRED_STATE.name());
      ConfigResource runs = new ConfigResource(ConfigResource.Type.TOPIC, Topics.RUNS.name());
      var configs = admin.describeConfigs(List.of(state, runs)).all().get();
      assertThat(configs.get(state).get("cleanup.policy").value()).isEqualTo("compact");
      assertThat(configs.get(runs).get("retention.ms").value())
          .isEqualTo(Long.toString(30L * 24 * 3600 * 1000));
    }
  }
}
