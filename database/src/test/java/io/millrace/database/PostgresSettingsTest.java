package io.millrace.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;

class PostgresSettingsTest {

  @Test
  void hasTheseKeysAndDefaults() {
    PostgresSettings bound = bind(Map.of("millrace.postgres.schema", "tracking"));
    assertThat(bound)
        .isEqualTo(PostgresSettings.of("127.0.0.1", 5432, "millrace", "millrace", "", "tracking"));
    assertThat(bound.poolSize()).isEqualTo(8);
    assertThat(bound.acquireTimeout()).isEqualTo(Duration.ofSeconds(5));
    PostgresSettings all =
        bind(
            Map.of(
                "millrace.postgres.schema", "s",
                "millrace.postgres.host", "db",
                "millrace.postgres.port", "6000",
                "millrace.postgres.user", "u",
                "millrace.postgres.password", "secret",
                "millrace.postgres.pool-size", "3",
                "millrace.postgres.acquire-timeout", "1s",
                "millrace.postgres.statement-timeout", "2s"));
    assertThat(all.port()).isEqualTo(6000);
    assertThat(all.poolSize()).isEqualTo(3);
    assertThat(all.toString()).doesNotContain("secret");
  }

  @Test
  void refusesAnythingButAPlainSchemaName() {
    assertThatThrownBy(() -> PostgresSettings.of("h", 1, "d", "u", "p", "a; drop table x"))
        .hasMessageContaining("millrace.postgres.schema");
  }

  private static PostgresSettings bind(Map<String, String> properties) {
    return new Binder(new MapConfigurationPropertySource(properties))
        .bind("millrace.postgres", PostgresSettings.class)
        .get();
  }
}
