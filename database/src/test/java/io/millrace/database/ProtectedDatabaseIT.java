package io.millrace.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.millrace.database.PostgresTls.Mode;
import io.millrace.embedded.EmbeddedPlatformSettings;
import io.millrace.embedded.EmbeddedPostgres;
import io.millrace.embedded.EmbeddedTls;
import io.millrace.embedded.TestCertificates;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A server that accepts TLS with a client certificate only. */
class ProtectedDatabaseIT {

  @TempDir static Path folder;
  private static EmbeddedTls tls;
  private static EmbeddedPostgres server;

  @BeforeAll
  static void start() {
    tls = TestCertificates.in(folder);
    server =
        EmbeddedPostgres.start(
            EmbeddedPlatformSettings.throwAway(folder.resolve("data")).withTls(tls));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @ParameterizedTest
  @EnumSource(
      value = Mode.class,
      names = {"PREFER", "REQUIRE", "VERIFY_CA", "VERIFY_FULL"})
  void migratesReadsAndListensOverTls(Mode mode) {
    PostgresTls protection =
        new PostgresTls(
            mode,
            mode == Mode.VERIFY_CA || mode == Mode.VERIFY_FULL ? tls.authority() : null,
            tls.certificate(),
            tls.key(),
            "");
    PostgresSettings settings = settings("127.0.0.1", protection);
    Migrations.apply(settings);
    try (Database database = new Database(settings)) {
      List<String> heard = new CopyOnWriteArrayList<>();
      try (Listening listening = database.listen("news", heard::add)) {
        await("listening").until(() -> heard.contains(""));
        database.inTransactionVoid(
            tx -> tx.query("select pg_notify('news', 'hello') as sent", row -> true));
        await("the notification").until(() -> heard.contains("hello"));
        assertThat(
                database.<List<Boolean>>read(
                    tx ->
                        tx.query(
                            """
                            select ssl
                            from pg_stat_ssl join pg_stat_activity using (pid)
                            where application_name = 'millrace-stock'
                            """,
                            row -> row.bool("ssl"))))
            .as("the pool's connection and the one that listens")
            .containsExactly(true, true);
      }
    }
  }

  @Test
  void saysAtOnceThatTheServerDemandsTls() {
    assertRefused(settings("127.0.0.1", PostgresTls.DISABLED))
        .hasMessageContaining("no encryption")
        .hasMessageContaining("set millrace.postgres.ssl.mode");
  }

  @Test
  void saysAtOnceThatTheServerDemandsAClientCertificate() {
    assertRefused(
            settings(
                "127.0.0.1", new PostgresTls(Mode.VERIFY_FULL, tls.authority(), null, null, "")))
        .hasMessageContaining("requires a valid client certificate")
        .hasMessageContaining("millrace.postgres.ssl.mode, .root-certificate, .certificate");
  }

  @Test
  void trustsNoOtherAuthorityThanTheOneGiven() {
    Path stranger = TestCertificates.strangeAuthority(folder);
    // With a root certificate, require checks it.
    for (Mode mode : List.of(Mode.REQUIRE, Mode.VERIFY_CA, Mode.VERIFY_FULL)) {
      PostgresSettings settings = settings("127.0.0.1", protection(mode, stranger));
      assertRefused(settings)
          .hasMessageContaining("the TLS handshake failed")
          .hasMessageContaining("millrace.postgres.ssl.root-certificate");
      assertUnavailable(settings);
    }
  }

  @Test
  void connectsInModeVerifyFullToTheHostOfTheCertificateOnly() {
    PostgresSettings checked = settings("localhost", protection(Mode.VERIFY_FULL, tls.authority()));
    assertRefused(checked)
        .hasMessageContaining("localhost")
        .hasMessageContaining("millrace.postgres.ssl.mode to verify-ca");
    assertUnavailable(checked);
    PostgresSettings unchecked = settings("localhost", protection(Mode.VERIFY_CA, tls.authority()));
    Migrations.apply(unchecked);
    try (Database database = new Database(unchecked)) {
      assertThat(database.<List<Boolean>>read(tx -> tx.query("select true as t", r -> r.bool("t"))))
          .containsExactly(true);
    }
  }

  @Test
  void saysAtOnceThatTheServerHasNoTls() {
    PostgresSettings plain =
        Stock.fresh().withSsl(new PostgresTls(Mode.REQUIRE, null, null, null, ""));
    assertRefused(plain)
        .hasMessageContaining("does not support SSL")
        .hasMessageContaining("millrace.postgres.ssl.mode to disable");
  }

  @Test
  void prefersTlsButWorksWithoutIt() {
    PostgresSettings plain =
        Stock.fresh().withSsl(new PostgresTls(Mode.PREFER, null, null, null, ""));
    assertThat(Migrations.apply(plain)).isEqualTo(1);
    try (Database database = new Database(plain)) {
      assertThat(database.<Long>read(tx -> tx.update("update items set count = 0"))).isZero();
    }
  }

  private static org.assertj.core.api.AbstractThrowableAssert<?, ?> assertRefused(
      PostgresSettings settings) {
    Instant begun = Instant.now();
    var refusal =
        assertThatThrownBy(() -> Migrations.apply(settings))
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("PostgreSQL at " + settings.address());
    assertThat(Duration.between(begun, Instant.now())).isLessThan(Duration.ofSeconds(20));
    return refusal;
  }

  private static void assertUnavailable(PostgresSettings settings) {
    try (Database database = new Database(settings)) {
      assertThatThrownBy(() -> database.read(tx -> tx.update("select 1")))
          .isInstanceOf(DatabaseUnavailable.class);
    }
  }

  private static PostgresTls protection(Mode mode, @Nullable Path authority) {
    return new PostgresTls(mode, authority, tls.certificate(), tls.key(), "");
  }

  private static PostgresSettings settings(String host, PostgresTls protection) {
    return PostgresSettings.of(
            host,
            server.port(),
            EmbeddedPostgres.DATABASE,
            server.user(),
            server.password(),
            "stock")
        .withSsl(protection);
  }
}
