package io.millrace.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.database.PostgresTls.Mode;
import io.millrace.embedded.EmbeddedTls;
import io.millrace.embedded.TestCertificates;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.mock.env.MockEnvironment;

class PostgresTlsTest {

  @TempDir Path folder;

  @Test
  void hasTheseKeysInTheEnvironmentToo() {
    MockEnvironment environment = new MockEnvironment();
    environment
        .getPropertySources()
        .addFirst(
            new SystemEnvironmentPropertySource(
                "systemEnvironment",
                Map.of(
                    "MILLRACE_POSTGRES_SCHEMA", "s",
                    "MILLRACE_POSTGRES_SSL_MODE", "verify-full",
                    "MILLRACE_POSTGRES_SSL_ROOT_CERTIFICATE", "/run/ca.pem",
                    "MILLRACE_POSTGRES_SSL_CERTIFICATE", "/run/tls.crt",
                    "MILLRACE_POSTGRES_SSL_KEY", "/run/tls.key",
                    "MILLRACE_POSTGRES_SSL_KEY_PASSWORD", "secret")));
    PostgresTls bound =
        Binder.get(environment).bind("millrace.postgres", PostgresSettings.class).get().ssl();
    assertThat(bound)
        .isEqualTo(
            new PostgresTls(
                Mode.VERIFY_FULL,
                Path.of("/run/ca.pem"),
                Path.of("/run/tls.crt"),
                Path.of("/run/tls.key"),
                "secret"));
    assertThat(bound.toString()).doesNotContain("secret");
  }

  @Test
  void isOffByDefault() {
    MockEnvironment environment = new MockEnvironment();
    environment.setProperty("millrace.postgres.schema", "s");
    assertThat(
            Binder.get(environment).bind("millrace.postgres", PostgresSettings.class).get().ssl())
        .isEqualTo(PostgresTls.DISABLED);
  }

  @Test
  void refusesSettingsThatDoNotFitTogether() {
    Path file = Path.of("x.pem");
    assertThatThrownBy(() -> new PostgresTls(Mode.VERIFY_FULL, null, null, null, ""))
        .hasMessageContaining("mode is verify-full and")
        .hasMessageContaining("root-certificate is not set");
    assertThatThrownBy(() -> new PostgresTls(Mode.REQUIRE, null, file, null, ""))
        .hasMessageContaining("certificate is set without millrace.postgres.ssl.key");
    assertThatThrownBy(() -> new PostgresTls(Mode.REQUIRE, null, null, file, ""))
        .hasMessageContaining("key is set without millrace.postgres.ssl.certificate");
    assertThatThrownBy(() -> new PostgresTls(Mode.DISABLE, file, null, null, ""))
        .hasMessageContaining("millrace.postgres.ssl.mode is disable");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "missing.pem  | millrace.pem  | millrace.key  | root-certificate is *missing.pem, which does not exist",
        "text.pem     | millrace.pem  | millrace.key  | root-certificate is *text.pem, which holds no certificate in PEM form",
        "authority.pem| missing.pem   | millrace.key  | certificate is *missing.pem, which does not exist",
        "authority.pem| millrace.p12  | millrace.key  | certificate is *millrace.p12, which holds no certificate in PEM form",
        "authority.pem| millrace.pem  | missing.key   | key is *missing.key, which does not exist",
        "authority.pem| millrace.pem  | text.pem      | key is *text.pem, which holds no private key in PEM form",
        "authority.pem| millrace.pem  | millrace.pem  | key is *millrace.pem, which holds no private key in PEM form",
      })
  void namesTheFileThatCannotBeUsed(String root, String certificate, String key, String message)
      throws Exception {
    TestCertificates.in(folder);
    Files.writeString(folder.resolve("text.pem"), "no certificate");
    PostgresTls settings =
        new PostgresTls(
            Mode.VERIFY_FULL,
            folder.resolve(root),
            folder.resolve(certificate),
            folder.resolve(key),
            "");
    assertThatThrownBy(() -> TlsFiles.read(settings))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(
            "millrace.postgres.ssl." + message.replace("*", folder.toString() + "/"));
  }

  @Test
  void readsChainAndKey() {
    EmbeddedTls tls = TestCertificates.in(folder);
    TlsFiles read =
        TlsFiles.read(
            new PostgresTls(Mode.VERIFY_FULL, tls.authority(), tls.certificate(), tls.key(), ""));
    assertThat(read.authorities()).hasSize(1);
    assertThat(read.chain().getFirst().getSubjectX500Principal().getName())
        .isEqualTo("CN=millrace");
    assertThat(read.key()).isNotNull();
  }
}
