package io.millrace.embedded;

import java.nio.file.Path;
import java.util.Map;

/**
 * Protects all three parts, for tests of secured connections: Kafka accepts SASL_SSL with
 * SCRAM-SHA-512 only, PostgreSQL accepts TLS with a client certificate of the authority only, and
 * S3 accepts HTTPS only. A data directory is protected from its first start on.
 *
 * @param authority certificate of the authority, PEM
 * @param certificate certificate for 127.0.0.1, for servers and clients, PEM
 * @param key private key of that certificate, PKCS #8 in PEM
 * @param keyStore the same certificate and key under the name {@code user}, PKCS #12, in a file
 *     named {@code *.p12}
 * @param password password of the key store, and of Kafka's user {@link #KAFKA_USER}
 */
public record EmbeddedTls(
    Path authority, Path certificate, Path key, Path keyStore, String password) {

  /** The one user that Kafka accepts. */
  public static final String KAFKA_USER = "millrace";

  static final String MECHANISM = "SCRAM-SHA-512";

  /** What a Kafka client needs besides the address, by Kafka's names. */
  public Map<String, String> kafkaProperties() {
    return Map.of(
        "security.protocol",
        "SASL_SSL",
        "sasl.mechanism",
        MECHANISM,
        "sasl.jaas.config",
        jaas(),
        "ssl.truststore.type",
        "PEM",
        "ssl.truststore.location",
        authority.toString());
  }

  String jaas() {
    return "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"%s\" password=\"%s\";"
        .formatted(KAFKA_USER, password);
  }
}
