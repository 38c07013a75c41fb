package io.millrace.embedded;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.Container;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.kafka.KafkaContainer;
import org.testcontainers.lifecycle.Startables;
import org.testcontainers.postgresql.PostgreSQLContainer;
import org.testcontainers.utility.DockerImageName;

/**
 * The shared platform in three containers, from the images that {@code docker-compose.yml} names,
 * with the settings of the embedded parts. Testcontainers is not on the class path of anything that
 * is delivered: only the Maven profile {@code testcontainers} adds it, to tests.
 */
final class ContainerPlatform implements SharedPlatform {

  /** What a person reads where there is no engine. */
  static final String NO_ENGINE =
      "-Ptestcontainers needs a Docker engine and none answers: start one, say where it is with DOCKER_HOST, or leave the profile out and test on the embedded parts.";

  private static final String DATABASE = "millrace";
  private static final String USER = "millrace";
  private static final int S3_PORT = 8080;
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final KafkaContainer kafka;
  private final PostgreSQLContainer postgres;
  private final GenericContainer<?> s3;
  private final S3Keys s3Keys = new S3Keys("millrace", SecretFile.random());

  private ContainerPlatform(String composeFile) {
    kafka =
        new KafkaContainer(DockerImageName.parse(imageOf("kafka", composeFile)))
            .withEnv(environment(EmbeddedKafka.singleNode()))
            .withEnv("KAFKA_HEAP_OPTS", "-Xms256m -Xmx512m")
            .waitingFor(Wait.forLogMessage(".*Kafka Server started.*", 1))
            .withStartupTimeout(PATIENCE);
    postgres =
        new PostgreSQLContainer(DockerImageName.parse(imageOf("postgres", composeFile)))
            .withDatabaseName(DATABASE)
            .withUsername(USER)
            .withPassword(SecretFile.random())
            .withCommand("postgres", "-c", "fsync=off", "-c", "max_connections=200")
            .withStartupTimeout(PATIENCE);
    s3 =
        new GenericContainer<>(DockerImageName.parse(imageOf("s3", composeFile)))
            .withEnv("S3PROXY_ENDPOINT", "http://0.0.0.0:" + S3_PORT)
            .withEnv("S3PROXY_AUTHORIZATION", "aws-v4")
            .withEnv("S3PROXY_IDENTITY", s3Keys.accessKey())
            .withEnv("S3PROXY_CREDENTIAL", s3Keys.secretKey())
            .withEnv("JCLOUDS_PROVIDER", "filesystem-nio2")
            .withEnv("JCLOUDS_FILESYSTEM_BASEDIR", "/data")
            .withExposedPorts(S3_PORT)
            .waitingFor(Wait.forListeningPort())
            .withStartupTimeout(PATIENCE);
  }

  /**
   * Starts the three at the same time; they end with this JVM.
   *
   * @throws EmbeddedStartException if no engine answers or a container does not start
   */
  static ContainerPlatform start() {
    if (!DockerClientFactory.instance().isDockerAvailable()) {
      throw new EmbeddedStartException(NO_ENGINE);
    }
    ContainerPlatform platform = new ContainerPlatform(composeFile());
    Runtime.getRuntime().addShutdownHook(new Thread(platform::stop, "container-platform-close"));
    try {
      Startables.deepStart(platform.kafka, platform.postgres, platform.s3).join();
    } catch (RuntimeException e) {
      platform.stop();
      throw new EmbeddedStartException("A container of the tests did not start: " + e, e);
    }
    return platform;
  }

  /** Ends with status 1 and a sentence on standard output where no engine answers. */
  public static void main(String[] arguments) {
    if (!DockerClientFactory.instance().isDockerAvailable()) {
      System.out.println(NO_ENGINE);
      System.exit(1);
    }
  }

  /** The image of a service of the compose file. */
  static String imageOf(String service, String composeFile) {
    var image =
        Pattern.compile(
                "^  %s:\\n(?: {4}.*\\n)*? {4}image: (\\S+)$".formatted(Pattern.quote(service)),
                Pattern.MULTILINE)
            .matcher(composeFile);
    if (!image.find()) {
      throw new EmbeddedStartException("The compose file names no image for " + service + ".");
    }
    return image.group(1);
  }

  private static String composeFile() {
    Path file = Path.of(System.getProperty("millrace.compose-file", "../docker-compose.yml"));
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new EmbeddedStartException(
          "%s, which names the images, cannot be read; -Dmillrace.compose-file says where it is."
              .formatted(file.toAbsolutePath().normalize()),
          e);
    }
  }

  /** Broker settings as the image takes them. */
  private static Map<String, String> environment(Map<String, String> settings) {
    return settings.entrySet().stream()
        .collect(
            Collectors.toMap(
                setting -> "KAFKA_" + setting.getKey().toUpperCase(Locale.ROOT).replace('.', '_'),
                Map.Entry::getValue));
  }

  private void stop() {
    Stream.of(kafka, postgres, s3).parallel().forEach(GenericContainer::stop);
  }

  @Override
  public String kafkaBootstrap() {
    return kafka.getBootstrapServers();
  }

  @Override
  public String r2dbcUrl() {
    return url("r2dbc", DATABASE);
  }

  @Override
  public String jdbcUrl() {
    return url("jdbc", DATABASE);
  }

  private String url(String kind, String database) {
    return "%s:postgresql://%s:%d/%s"
        .formatted(
            kind,
            postgres.getHost(),
            postgres.getMappedPort(PostgreSQLContainer.POSTGRESQL_PORT),
            database);
  }

  @Override
  public String postgresUser() {
    return postgres.getUsername();
  }

  @Override
  public String postgresPassword() {
    return postgres.getPassword();
  }

  @Override
  public String s3Endpoint() {
    return "http://" + s3.getHost() + ":" + s3.getMappedPort(S3_PORT);
  }

  @Override
  public String s3AccessKey() {
    return s3Keys.accessKey();
  }

  @Override
  public String s3SecretKey() {
    return s3Keys.secretKey();
  }

  @Override
  public FreshDatabase freshDatabase() {
    String name = EmbeddedPlatform.freshName();
    try (Connection connection =
            DriverManager.getConnection(jdbcUrl(), postgresUser(), postgresPassword());
        Statement statement = connection.createStatement()) {
      statement.execute("create database " + name);
    } catch (SQLException e) {
      throw new IllegalStateException("database " + name + " was not created", e);
    }
    return new FreshDatabase(
        name, url("jdbc", name), url("r2dbc", name), postgresUser(), postgresPassword());
  }

  @Override
  public void createTopic(String name, int partitions, Map<String, String> configuration) {
    Topics.create(Topics.plainClient(kafkaBootstrap()), name, partitions, configuration);
  }

  /** A bucket of the file system store is a folder; one that others may read is a public bucket. */
  @Override
  public void createBucket(String name) {
    try {
      Container.ExecResult made = s3.execInContainer("mkdir", "-p", "-m", "700", "/data/" + name);
      if (made.getExitCode() != 0) {
        throw new IllegalStateException("bucket " + name + " was not created: " + made.getStderr());
      }
    } catch (IOException e) {
      throw new IllegalStateException("bucket " + name + " was not created", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while creating bucket " + name, e);
    }
  }
}
