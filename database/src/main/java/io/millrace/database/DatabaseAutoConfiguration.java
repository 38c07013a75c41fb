package io.millrace.database;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Lazy;

/**
 * Gives a service with `millrace.postgres.schema` its {@link Database}, with the schema migrated
 * before the bean exists.
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
}
