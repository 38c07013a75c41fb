package io.millrace.embedded;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where the embedded platform keeps its data and where it listens. Everything listens on 127.0.0.1.
 *
 * @param dataDirectory holds {@code kafka/}, {@code postgres/}, {@code s3/} and the generated
 *     credentials; created if missing
 * @param kafkaPort 0 to 65535; 0 takes a free port
 * @param postgresPort 0 to 65535; 0 takes a free port
 * @param s3Port 0 to 65535; 0 takes a free port
 * @param s3Keys null: generated once and kept in the data directory
 * @param durable false lets PostgreSQL skip fsync, which is for throw-away test data only
 * @param postgresBinaries folder in which the PostgreSQL programs are unpacked; null: inside the
 *     data directory
 * @param tls protects all parts; null: plain connections
 * @param listener hears of each part as it becomes ready
 */
public record EmbeddedPlatformSettings(
    Path dataDirectory,
    int kafkaPort,
    int postgresPort,
    int s3Port,
    @Nullable S3Keys s3Keys,
    boolean durable,
    @Nullable Path postgresBinaries,
    @Nullable EmbeddedTls tls,
    ReadyListener listener) {

  public EmbeddedPlatformSettings {
    dataDirectory = dataDirectory.toAbsolutePath().normalize();
    requirePort("Kafka", kafkaPort);
    requirePort("PostgreSQL", postgresPort);
    requirePort("S3", s3Port);
  }

  /** Durable, on free ports, with generated credentials and no listener. */
  public static EmbeddedPlatformSettings in(Path dataDirectory) {
    return new EmbeddedPlatformSettings(
        dataDirectory, 0, 0, 0, null, true, null, null, ReadyListener.SILENT);
  }

  /**
   * For throw-away data of tests: not durable, with the PostgreSQL programs that all tests of this
   * account share.
   */
  public static EmbeddedPlatformSettings throwAway(Path dataDirectory) {
    try {
      Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
      return in(dataDirectory)
          .withoutDurability()
          .withPostgresBinaries(EmbeddedPlatform.sharedBinaries(temporary));
    } catch (IOException e) {
      throw new EmbeddedStartException("No temporary folder for PostgreSQL's programs: " + e, e);
    }
  }

  /** The same on other ports, where 0 means a free one. */
  public EmbeddedPlatformSettings withPorts(int kafka, int postgres, int s3) {
    return new EmbeddedPlatformSettings(
        dataDirectory, kafka, postgres, s3, s3Keys, durable, postgresBinaries, tls, listener);
  }

  /** The same with given S3 keys instead of generated ones. */
  public EmbeddedPlatformSettings withS3Keys(S3Keys keys) {
    return new EmbeddedPlatformSettings(
        dataDirectory,
        kafkaPort,
        postgresPort,
        s3Port,
        keys,
        durable,
        postgresBinaries,
        tls,
        listener);
  }

  /** The same with another listener. */
  public EmbeddedPlatformSettings withListener(ReadyListener other) {
    return new EmbeddedPlatformSettings(
        dataDirectory,
        kafkaPort,
        postgresPort,
        s3Port,
        s3Keys,
        durable,
        postgresBinaries,
        tls,
        other);
  }

  /**
   * The same with the PostgreSQL programs unpacked elsewhere, so that several data directories can
   * share them.
   */
  public EmbeddedPlatformSettings withPostgresBinaries(Path directory) {
    return new EmbeddedPlatformSettings(
        dataDirectory, kafkaPort, postgresPort, s3Port, s3Keys, durable, directory, tls, listener);
  }

  /** For throw-away test data: PostgreSQL does not wait for the disk. */
  public EmbeddedPlatformSettings withoutDurability() {
    return new EmbeddedPlatformSettings(
        dataDirectory,
        kafkaPort,
        postgresPort,
        s3Port,
        s3Keys,
        false,
        postgresBinaries,
        tls,
        listener);
  }

  /** The same with every part protected. */
  public EmbeddedPlatformSettings withTls(EmbeddedTls protection) {
    return new EmbeddedPlatformSettings(
        dataDirectory,
        kafkaPort,
        postgresPort,
        s3Port,
        s3Keys,
        durable,
        postgresBinaries,
        protection,
        listener);
  }

  private static void requirePort(String part, int port) {
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException(
          "the port of " + part + " must be 0 (any free one) to 65535, not " + port);
    }
  }
}
