package io.millrace.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.TrustManagerFactory;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.SslAuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A protected platform accepts nothing that is not protected. */
class ProtectedPlatformIT {

  @TempDir static Path folder;
  private static EmbeddedTls tls;
  private static EmbeddedPlatform platform;

  @BeforeAll
  static void start() throws Exception {
    tls = TestCertificates.in(folder);
    platform =
        EmbeddedPlatform.start(
            EmbeddedPlatformSettings.throwAway(folder.resolve("data")).withTls(tls));
  }

  @AfterAll
  static void stop() {
    platform.close();
  }

  @Test
  void kafkaServesClientsWithCredentialsAndTrustOnly() throws Exception {
    platform.createTopic("protected", 1);
    try (Admin admin = admin(tls.kafkaProperties())) {
      assertThat(admin.listTopics().names().get(20, TimeUnit.SECONDS)).contains("protected");
    }
    Map<String, String> wrongPassword = new HashMap<>(tls.kafkaProperties());
    wrongPassword.computeIfPresent(
        "sasl.jaas.config", (name, jaas) -> jaas.replace(tls.password(), "guessed"));
    assertThatThrownBy(() -> topics(wrongPassword))
        .hasCauseInstanceOf(SaslAuthenticationException.class);
    Map<String, String> stranger = new HashMap<>(tls.kafkaProperties());
    stranger.put("ssl.truststore.location", TestCertificates.strangeAuthority(folder).toString());
    assertThatThrownBy(() -> topics(stranger)).hasCauseInstanceOf(SslAuthenticationException.class);
    assertThatThrownBy(() -> topics(Map.of())).hasCauseInstanceOf(TimeoutException.class);
  }

  private static void topics(Map<String, String> properties)
      throws InterruptedException, ExecutionException {
    try (Admin admin = admin(properties)) {
      admin.listTopics().names().get();
    }
  }

  private static Admin admin(Map<String, String> properties) {
    Map<String, Object> client = new HashMap<>(properties);
    client.put("bootstrap.servers", platform.kafkaBootstrap());
    client.put("default.api.timeout.ms", 3000);
    client.put("request.timeout.ms", 2000);
    return Admin.create(client);
  }

  @Test
  void postgresServesConnectionsWithTlsAndClientCertificateOnly() throws Exception {
    Properties login = new Properties();
    login.put("user", platform.postgresUser());
    login.put("password", platform.postgresPassword());
    login.put("sslmode", "disable");
    assertRefused(login, "no encryption");
    login.put("sslmode", "require");
    assertRefused(login, "certificate");
    login.put("sslkey", tls.keyStore().toString());
    login.put("sslpassword", tls.password());
    DriverManager.getConnection(platform.jdbcUrl(), login).close();
  }

  private static void assertRefused(Properties login, String reason) {
    assertThatThrownBy(() -> DriverManager.getConnection(platform.jdbcUrl(), login))
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getSQLState()).startsWith("28"))
        .hasMessageContaining(reason);
  }

  @Test
  void s3ServesHttpsOnly() throws Exception {
    URI endpoint = URI.create(platform.s3Endpoint());
    assertThat(endpoint.getScheme()).isEqualTo("https");
    assertThatThrownBy(() -> answer(HttpClient.newHttpClient(), endpoint))
        .isInstanceOf(SSLHandshakeException.class);
    HttpClient trusting = HttpClient.newBuilder().sslContext(trust(tls.authority())).build();
    assertThat(answer(trusting, endpoint)).isEqualTo(403);
  }

  private static int answer(HttpClient client, URI address) throws Exception {
    try (client) {
      return client
          .send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.discarding())
          .statusCode();
    }
  }

  private static SSLContext trust(Path authority) throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    try (var pem = java.nio.file.Files.newInputStream(authority)) {
      trusted.setCertificateEntry(
          "authority", CertificateFactory.getInstance("X.509").generateCertificate(pem));
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, factory.getTrustManagers(), null);
    return context;
  }
}
