package io.millrace.embedded;

import java.util.Map;

/**
 * Kafka, PostgreSQL and S3, all real, for the tests of one JVM: what they need of it, whether it
 * runs in this JVM ({@link EmbeddedPlatform}) or in containers. Safe for use by many threads.
 */
public interface SharedPlatform {

  /** {@code host:port}, for {@code bootstrap.servers}. */
  String kafkaBootstrap();

  /** URL of the database {@code millrace}, without user and password. */
  String r2dbcUrl();

  /** URL of the database {@code millrace}, without user and password. */
  String jdbcUrl();

  /** User of every database. */
  String postgresUser();

  /** Password of that user. */
  String postgresPassword();

  /** {@code http://host:port}, path-style addresses. */
  String s3Endpoint();

  /** Access key the endpoint accepts. */
  String s3AccessKey();

  /** Its secret. */
  String s3SecretKey();

  /** Creates a new, empty database, which nobody else uses. */
  FreshDatabase freshDatabase();

  /** Creates a topic with one replica unless it is there already. */
  default void createTopic(String name, int partitions) {
    createTopic(name, partitions, Map.of());
  }

  /**
   * Creates a topic with one replica and these settings, by Kafka's names, unless it is there
   * already.
   */
  void createTopic(String name, int partitions, Map<String, String> configuration);

  /**
   * Has the members of a share group report twice a second: a new one has work at once, and one
   * that was killed is missed within seconds.
   */
  default void hurry(String shareGroup) {
    Topics.hurry(Topics.plainClient(kafkaBootstrap()), shareGroup);
  }

  /** Creates a bucket unless it is there already. */
  void createBucket(String name);
}
