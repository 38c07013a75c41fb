package io.millrace.database;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Lazy;

/**
 * Gives a service with `millrace.postgres.schema` its {@link Database}, with the schema migrated
 * before the bean exists, and where there is an actuator its health component `postgres`.
 */
@AutoConfiguration
@ConditionalOnProperty("millrace.postgres.schema")
@EnableConfigurationProperties(PostgresSettings.class)
public class DatabaseAutoConfiguration {

  @Bean
  @Lazy(false)
  @ConditionalOnMissingBean
  Database database(PostgresSettings settings) {
    Migrations.apply(settings);
    return new Database(settings);
  }

  /** Asks the database when it is asked. */
  @Configuration(proxyBeanMethods = false)
  @ConditionalOnClass(HealthIndicator.class)
  static class WithHealth {

    @Bean
    HealthIndicator postgresHealthIndicator(Database database) {
      return () -> {
        try {
          database.read(tx -> tx.query("select 1 as alive", row -> row.int4("alive")));
          return Health.up().build();
        } catch (DatabaseUnavailable | DatabaseFailure failure) {
          return Health.down().withDetail("reason", String.valueOf(failure.getMessage())).build();
        }
      };
    }
  }
}
