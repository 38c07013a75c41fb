package io.millrace.database;

import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How connections to PostgreSQL are protected (`millrace.postgres.ssl.*`). The same holds for the
 * pool, for LISTEN and for migrations.
 *
 * @param mode as libpq's `sslmode`; `require` with a root certificate is `verify-ca`, as in libpq
 * @param rootCertificate PEM file with the authorities that may have issued the server's
 *     certificate; nothing else is trusted
 * @param certificate PEM file with this client's certificate and those between it and its authority
 * @param key PEM file with the private key of that certificate
 * @param keyPassword password of an encrypted key; empty where it is not encrypted
 */
public record PostgresTls(
    @DefaultValue("disable") Mode mode,
    @Nullable Path rootCertificate,
    @Nullable Path certificate,
    @Nullable Path key,
    @DefaultValue("") String keyPassword) {

  static final String PREFIX = "millrace.postgres.ssl";

  /** Without protection. */
  public static final PostgresTls DISABLED = new PostgresTls(Mode.DISABLE, null, null, null, "");

  /** The modes of libpq that say what they do; `allow` is left out. */
  public enum Mode {
    /** Never encrypted. */
    DISABLE,
    /** Encrypted where the server offers it. An attacker on the network can prevent it. */
    PREFER,
    /** Always encrypted; the server's certificate is not checked. */
    REQUIRE,
    /** Always encrypted; the server's certificate is from a trusted authority. */
    VERIFY_CA,
    /** As VERIFY_CA, and the certificate names the host that is connected to. */
    VERIFY_FULL;

    /** As it is written in libpq and in settings. */
    String text() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private boolean verifies() {
      return this == VERIFY_CA || this == VERIFY_FULL;
    }
  }

  public PostgresTls {
    if (mode.verifies() && rootCertificate == null) {
      throw new IllegalArgumentException(
          "%s.mode is %s and %s.root-certificate is not set: name the PEM file of the authority that issued the server's certificate"
              .formatted(PREFIX, mode.text(), PREFIX));
    }
    if ((certificate == null) != (key == null)) {
      throw new IllegalArgumentException(
          "%s.%s is set without %s.%s: a client certificate needs both"
              .formatted(
                  PREFIX,
                  certificate == null ? "key" : "certificate",
                  PREFIX,
                  certificate == null ? "certificate" : "key"));
    }
    if (mode == Mode.DISABLE && (rootCertificate != null || certificate != null)) {
      throw new IllegalArgumentException(
          "%s names certificates, but %s.mode is disable: set it to verify-full, or remove the certificates"
              .formatted(PREFIX, PREFIX));
    }
    if (mode == Mode.REQUIRE && rootCertificate != null) {
      mode = Mode.VERIFY_CA;
    }
  }

  @Override
  public String toString() {
    return "PostgresTls[" + mode.text() + "]";
  }
}
