package io.millrace.embedded;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Kafka, PostgreSQL and S3, all real, started together under one data directory that is kept from
 * run to run. One process at a time may hold a data directory. Safe for use by many threads.
 */
public final class EmbeddedPlatform implements SharedPlatform, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(EmbeddedPlatform.class);
  private static final String SHARED_PREFIX = "millrace-shared-";
  private static final AtomicInteger FRESH = new AtomicInteger();
  private static @Nullable SharedPlatform shared;

  private final DataDirectory directory;
  private final EmbeddedKafka kafka;
  private final EmbeddedPostgres postgres;
  private final EmbeddedS3 s3;
  private boolean closed;

  private EmbeddedPlatform(
      DataDirectory directory, EmbeddedKafka kafka, EmbeddedPostgres postgres, EmbeddedS3 s3) {
    this.directory = directory;
    this.kafka = kafka;
    this.postgres = postgres;
    this.s3 = s3;
  }

  /**
   * Starts the three parts at the same time and returns when all are ready. If one fails, the
   * others are stopped again.
   *
   * @throws EmbeddedStartException with the first failure, in words for a person
   */
  public static EmbeddedPlatform start(EmbeddedPlatformSettings settings) {
    DataDirectory directory = DataDirectory.hold(settings.dataDirectory(), "platform");
    try (ExecutorService starters = Executors.newThreadPerTaskExecutor(EmbeddedPlatform::starter)) {
      var kafka = begin(starters, settings, EmbeddedKafka::start);
      var postgres = begin(starters, settings, EmbeddedPostgres::start);
      var s3 = begin(starters, settings, EmbeddedS3::start);
      try {
        CompletableFuture.allOf(kafka, postgres, s3).join();
        return new EmbeddedPlatform(directory, kafka.join(), postgres.join(), s3.join());
      } catch (CompletionException e) {
        closeAll(started(kafka, postgres, s3));
        directory.close();
        if (e.getCause() instanceof EmbeddedStartException refused) {
          throw refused;
        }
        throw new EmbeddedStartException("The embedded platform did not start: " + e.getCause(), e);
      }
    }
  }

  /**
   * The one platform of this JVM for tests: in a temporary directory, on free ports, started at the
   * first call, closed and deleted when the JVM ends. Its PostgreSQL does not wait for the disk.
   * With the system property {@code millrace.test.platform=containers} its parts run in containers
   * instead.
   *
   * @throws EmbeddedStartException if it does not start, in words for a person
   */
  public static synchronized SharedPlatform shared() {
    if (shared == null) {
      shared = inContainers() ? ContainerPlatform.start() : startShared();
    }
    return shared;
  }

  private static boolean inContainers() {
    String wanted = System.getProperty("millrace.test.platform", "embedded");
    return switch (wanted) {
      case "embedded" -> false;
      case "containers" -> true;
      default ->
          throw new EmbeddedStartException(
              "millrace.test.platform is \"%s\"; it can be embedded or containers."
                  .formatted(wanted));
    };
  }

  private static EmbeddedPlatform startShared() {
    try {
      Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
      sweepUpAfterTheKilled(temporary);
      Path data = Files.createTempDirectory(temporary, SHARED_PREFIX);
      EmbeddedPlatform platform = start(EmbeddedPlatformSettings.throwAway(data));
      Runtime.getRuntime()
          .addShutdownHook(
              new Thread(
                  () -> {
                    platform.close();
                    deleteQuietly(data);
                  },
                  "embedded-platform-close"));
      return platform;
    } catch (IOException e) {
      throw new EmbeddedStartException("No temporary directory for the test platform: " + e, e);
    }
  }

  /** A name that no other database of these tests has. */
  static String freshName() {
    return "fresh_" + ProcessHandle.current().pid() + "_" + FRESH.incrementAndGet();
  }

  /** {@code host:port}, for {@code bootstrap.servers}. */
  @Override
  public String kafkaBootstrap() {
    return kafka.bootstrap();
  }

  /** URL of the database {@code millrace}, without user and password. */
  @Override
  public String r2dbcUrl() {
    return postgres.r2dbcUrl();
  }

  /** URL of the database {@code millrace}, without user and password. */
  @Override
  public String jdbcUrl() {
    return postgres.jdbcUrl();
  }

  /** User of every database. */
  @Override
  public String postgresUser() {
    return postgres.user();
  }

  /** Password of that user. */
  @Override
  public String postgresPassword() {
    return postgres.password();
  }

  /** {@code http://127.0.0.1:port}, path-style addresses. */
  @Override
  public String s3Endpoint() {
    return s3.endpoint();
  }

  /** Access key the endpoint accepts. */
  @Override
  public String s3AccessKey() {
    return s3.keys().accessKey();
  }

  /** Its secret. */
  @Override
  public String s3SecretKey() {
    return s3.keys().secretKey();
  }

  /** The broker. */
  public EmbeddedKafka kafka() {
    return kafka;
  }

  /** The database server. */
  public EmbeddedPostgres postgres() {
    return postgres;
  }

  /** The object store. */
  public EmbeddedS3 s3() {
    return s3;
  }

  /** Where the data is. */
  public Path dataDirectory() {
    return directory.path();
  }

  /** Creates a new, empty database, which nobody else uses. */
  @Override
  public FreshDatabase freshDatabase() {
    String name = freshName();
    postgres.createDatabase(name);
    return new FreshDatabase(
        name,
        postgres.jdbcUrl(name),
        postgres.r2dbcUrl(name),
        postgres.user(),
        postgres.password());
  }

  /**
   * Creates a topic with one replica and these settings, by Kafka's names, unless it is there
   * already.
   */
  @Override
  public void createTopic(String name, int partitions, Map<String, String> configuration) {
    kafka.createTopic(name, partitions, configuration);
  }

  @Override
  public void hurry(String shareGroup) {
    kafka.hurry(shareGroup);
  }

  /** Creates a bucket unless it is there already. */
  @Override
  public void createBucket(String name) {
    s3.createBucket(name);
  }

  /** Stops everything, in parallel; a second call does nothing. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      closeAll(List.of(kafka, postgres, s3));
      directory.close();
    }
  }

  private static <T> CompletableFuture<T> begin(
      ExecutorService starters,
      EmbeddedPlatformSettings settings,
      Function<EmbeddedPlatformSettings, T> start) {
    return CompletableFuture.supplyAsync(() -> start.apply(settings), starters);
  }

  private static List<AutoCloseable> started(CompletableFuture<?>... parts) {
    List<AutoCloseable> started = new ArrayList<>();
    for (CompletableFuture<?> part : parts) {
      try {
        if (part.join() instanceof AutoCloseable running) {
          started.add(running);
        }
      } catch (CompletionException e) {
        log.debug("not started", e);
      }
    }
    return started;
  }

  private static void closeAll(List<? extends AutoCloseable> parts) {
    try (ExecutorService closers = Executors.newThreadPerTaskExecutor(EmbeddedPlatform::starter)) {
      for (AutoCloseable part : parts) {
        closers.execute(
            () -> {
              try {
                part.close();
              } catch (Exception e) {
                log.warn(
                    "{} did not close cleanly: {}", part.getClass().getSimpleName(), e.toString());
              }
            });
      }
    }
  }

  private static Thread starter(Runnable task) {
    return Thread.ofPlatform().name("embedded-platform").daemon().unstarted(task);
  }

  /** Test JVMs that were killed leave a PostgreSQL and a directory behind. */
  private static void sweepUpAfterTheKilled(Path temporary) throws IOException {
    try (DirectoryStream<Path> found = Files.newDirectoryStream(temporary, SHARED_PREFIX + "*")) {
      for (Path data : found) {
        if (!Files.isWritable(data)
            || Files.notExists(data.resolve("platform.lock"))
            || DataDirectory.isHeld(data, "platform")) {
          continue;
        }
        try {
          EmbeddedPostgres.stopSurvivor(data, sharedBinaries(temporary));
          deleteQuietly(data);
        } catch (EmbeddedStartException | IOException e) {
          log.debug("left behind: {}", data, e);
        }
      }
    }
  }

  /**
   * Unpacked once for all test JVMs of this account; programs that another account put there are
   * not run.
   */
  static Path sharedBinaries(Path temporary) throws IOException {
    String me = System.getProperty("user.name");
    Path binaries = Files.createDirectories(temporary.resolve("millrace-postgres-" + me));
    return Files.getOwner(binaries).getName().equals(me)
        ? binaries
        : Files.createTempDirectory(temporary, "millrace-postgres-");
  }

  private static void deleteQuietly(Path directory) {
    try {
      PostgresBinaries.delete(directory);
    } catch (IOException e) {
      log.debug("left behind: {}", directory, e);
    }
  }
}
