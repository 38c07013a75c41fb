package io.millrace.database;

import io.millrace.embedded.EmbeddedPlatform;
import io.millrace.embedded.FreshDatabase;
import java.net.URI;
import java.time.Duration;

/** A fresh, migrated database for one test class. */
final class Stock {

  private Stock() {}

  static PostgresSettings fresh() {
    return at(EmbeddedPlatform.shared().freshDatabase());
  }

  static PostgresSettings at(FreshDatabase fresh) {
    URI uri = URI.create(fresh.jdbcUrl().substring("jdbc:".length()));
    return PostgresSettings.of(
        uri.getHost(), uri.getPort(), fresh.name(), fresh.user(), fresh.password(), "stock");
  }

  static PostgresSettings with(
      PostgresSettings s, int poolSize, Duration acquireTimeout, Duration statementTimeout) {
    return new PostgresSettings(
        s.host(),
        s.port(),
        s.database(),
        s.user(),
        s.password(),
        s.schema(),
        poolSize,
        acquireTimeout,
        s.idleTime(),
        statementTimeout,
        s.startupTimeout(),
        s.ssl());
  }
}
