package io.millrace.messaging;

import io.millrace.embedded.EmbeddedPlatform;
import io.millrace.embedded.FreshDatabase;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

/** A service as the real ones are: its own Spring context on the shared broker and database. */
final class TestService {

  private final Class<?> configuration;
  private final String name;
  private final Map<String, Object> properties = new HashMap<>();

  private TestService(Class<?> configuration, String name) {
    this.configuration = configuration;
    this.name = name;
  }

  static TestService of(Class<?> configuration, String name) {
    return new TestService(configuration, name)
        .with("spring.application.name", name)
        .with("millrace.kafka.bootstrap-servers", EmbeddedPlatform.shared().kafkaBootstrap());
  }

  TestService with(String key, Object value) {
    properties.put(key, value);
    return this;
  }

  TestService withDatabase(FreshDatabase fresh) {
    URI uri = URI.create(fresh.jdbcUrl().substring("jdbc:".length()));
    return with("millrace.postgres.host", uri.getHost())
        .with("millrace.postgres.port", uri.getPort())
        .with("millrace.postgres.database", fresh.name())
        .with("millrace.postgres.user", fresh.user())
        .with("millrace.postgres.password", fresh.password())
        .with("millrace.postgres.schema", "test_service");
  }

  /** Binds a function bean to a topic. */
  TestService binding(String function, String topic, String group) {
    Object before = properties.get("spring.cloud.function.definition");
    return with(
            "spring.cloud.function.definition", before == null ? function : before + ";" + function)
        .with("spring.cloud.stream.bindings." + function + "-in-0.destination", topic)
        .with("spring.cloud.stream.bindings." + function + "-in-0.group", group);
  }

  ConfigurableApplicationContext start() {
    return new SpringApplicationBuilder(configuration, Minimal.class)
        .web(WebApplicationType.NONE)
        .properties(properties)
        .properties("spring.config.name=" + name)
        .properties("spring.main.web-application-type=none")
        .registerShutdownHook(false)
        .run();
  }

  /** What every test service has. */
  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  static class Minimal {}
}
