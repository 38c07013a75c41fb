package io.millrace.embedded;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicInteger;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Exit;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.MetadataVersion;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One Apache Kafka node, broker and controller, on 127.0.0.1 with its log below {@code kafka/}.
 * Share groups, transactions and all group protocols are on; topics are never created by being
 * used.
 *
 * <p>Durability: an acknowledged record is in the operating system's page cache, and outlives the
 * end of this process in any form, {@code kill -9} included. It reaches the disk when the system
 * writes it back, so a power cut can lose the last seconds: replication, which one node has none
 * of, is Kafka's protection against that.
 */
public final class EmbeddedKafka implements AutoCloseable {

  static final String PART = "kafka";
  private static final Logger log = LoggerFactory.getLogger(EmbeddedKafka.class);
  private static final AtomicInteger STARTING = new AtomicInteger();

  private final DataDirectory directory;
  private final KafkaRaftServer server;
  private final int port;
  private final @Nullable EmbeddedTls tls;
  private boolean closed;

  private EmbeddedKafka(
      DataDirectory directory, KafkaRaftServer server, int port, @Nullable EmbeddedTls tls) {
    this.directory = directory;
    this.server = server;
    this.port = port;
    this.tls = tls;
  }

  /**
   * Starts the node and returns when it accepts clients.
   *
   * @throws EmbeddedStartException if the port is taken or the directory cannot be used
   */
  public static EmbeddedKafka start(EmbeddedPlatformSettings settings) {
    long began = System.nanoTime();
    DataDirectory directory = DataDirectory.hold(settings.dataDirectory(), PART);
    KafkaRaftServer server = null;
    STARTING.incrementAndGet();
    try {
      Path logs = directory.child("kafka");
      int port = Port.claim("Kafka", settings.kafkaPort());
      int controllerPort = Port.claim("Kafka's controller", 0);
      while (controllerPort == port) {
        controllerPort = Port.claim("Kafka's controller", 0);
      }
      format(logs, settings.tls());
      Exit.setExitProcedure(EmbeddedKafka::stopProcess);
      Exit.setHaltProcedure(EmbeddedKafka::stopProcess);
      server =
          new KafkaRaftServer(
              KafkaConfig.fromProps(properties(logs, port, controllerPort, settings.tls()), false),
              Time.SYSTEM);
      server.startup();
      EmbeddedKafka started = new EmbeddedKafka(directory, server, port, settings.tls());
      settings
          .listener()
          .ready(PART, started.bootstrap(), Duration.ofNanos(System.nanoTime() - began));
      return started;
    } catch (Exception | LinkageError e) {
      stop(server);
      directory.close();
      if (e instanceof EmbeddedStartException refused) {
        throw refused;
      }
      throw new EmbeddedStartException(
          "Kafka did not start in %s: %s. If the directory was damaged, restore it or start with another data directory."
              .formatted(settings.dataDirectory().resolve("kafka"), rootOf(e)),
          e);
    } finally {
      STARTING.decrementAndGet();
    }
  }

  /** {@code 127.0.0.1:port}, for {@code bootstrap.servers}. */
  public String bootstrap() {
    return Port.HOST + ":" + port;
  }

  /**
   * Creates a topic with one replica unless it is there already, and waits until it can be used.
   */
  public void createTopic(String name, int partitions) {
    createTopic(name, partitions, Map.of());
  }

  /**
   * Creates a topic with one replica unless it is there already, and waits until it can be used.
   *
   * @param configuration topic settings by Kafka's names, such as {@code cleanup.policy}
   */
  public void createTopic(String name, int partitions, Map<String, String> configuration) {
    Topics.create(client(), name, partitions, configuration);
  }

  /** Has the members of a share group report twice a second. */
  public void hurry(String shareGroup) {
    Topics.hurry(client(), shareGroup);
  }

  private Map<String, Object> client() {
    Map<String, Object> client = new HashMap<>(Topics.plainClient(bootstrap()));
    if (tls != null) {
      client.putAll(tls.kafkaProperties());
    }
    return client;
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      stop(server);
      directory.close();
    }
  }

  private static void stop(@Nullable KafkaRaftServer server) {
    if (server != null) {
      try {
        server.shutdown();
        server.awaitShutdown();
      } catch (RuntimeException e) {
        log.warn("Kafka did not stop cleanly: {}", e.toString());
      }
    }
  }

  private static void format(Path logs, @Nullable EmbeddedTls tls) throws Exception {
    Path clusterIdFile = logs.resolve("cluster.id");
    if (Files.notExists(clusterIdFile)) {
      Path draft = Files.createTempFile(logs, "cluster", ".id");
      Files.writeString(draft, Uuid.randomUuid().toString());
      Files.move(draft, clusterIdFile);
    }
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    Formatter formatter = new Formatter();
    if (tls != null) {
      formatter.setScramArguments(
          List.of(
              "%s=[name=%s,password=%s]"
                  .formatted(EmbeddedTls.MECHANISM, EmbeddedTls.KAFKA_USER, tls.password())));
    }
    formatter
        .setClusterId(Files.readString(clusterIdFile).strip())
        .setNodeId(1)
        .addDirectory(logs.toString())
        .setMetadataLogDirectory(logs.toString())
        .setControllerListenerName("CONTROLLER")
        .setReleaseVersion(MetadataVersion.latestProduction())
        .setIgnoreFormatted(true)
        .setPrintStream(new PrintStream(said, false, java.nio.charset.StandardCharsets.UTF_8))
        .run();
    log.debug("{}", said);
  }

  private static Properties properties(
      Path logs, int port, int controllerPort, @Nullable EmbeddedTls tls) {
    String protocol = tls == null ? "PLAINTEXT" : "SASL_SSL";
    Map<String, String> p = new HashMap<>(singleNode());
    p.put("process.roles", "broker,controller");
    p.put("node.id", "1");
    p.put("controller.quorum.voters", "1@" + Port.HOST + ":" + controllerPort);
    p.put(
        "listeners",
        protocol
            + "://"
            + Port.HOST
            + ":"
            + port
            + ",CONTROLLER://"
            + Port.HOST
            + ":"
            + controllerPort);
    p.put("advertised.listeners", protocol + "://" + Port.HOST + ":" + port);
    p.put("listener.security.protocol.map", protocol + ":" + protocol + ",CONTROLLER:PLAINTEXT");
    p.put("controller.listener.names", "CONTROLLER");
    p.put("inter.broker.listener.name", protocol);
    p.put("log.dirs", logs.toString());
    if (tls != null) {
      p.putAll(protection(tls));
    }
    Properties properties = new Properties();
    properties.putAll(p);
    return properties;
  }

  private static Map<String, String> protection(EmbeddedTls tls) {
    Map<String, String> p = new HashMap<>();
    p.put("sasl.enabled.mechanisms", EmbeddedTls.MECHANISM);
    p.put("sasl.mechanism.inter.broker.protocol", EmbeddedTls.MECHANISM);
    p.put("listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config", tls.jaas());
    p.put("ssl.keystore.type", "PKCS12");
    p.put("ssl.keystore.location", tls.keyStore().toString());
    p.put("ssl.keystore.password", tls.password());
    p.put("ssl.key.password", tls.password());
    p.put("ssl.truststore.type", "PEM");
    p.put("ssl.truststore.location", tls.authority().toString());
    return p;
  }

  /** What makes a node that is alone fast and small, wherever it runs; by Kafka's names. */
  static Map<String, String> singleNode() {
    Map<String, String> p = new HashMap<>();
    // One node is every replica.
    p.put("default.replication.factor", "1");
    p.put("min.insync.replicas", "1");
    for (String internal : List.of("offsets.topic", "share.coordinator.state.topic")) {
      p.put(internal + ".replication.factor", "1");
      p.put(internal + ".num.partitions", "4");
    }
    p.put("share.coordinator.state.topic.min.isr", "1");
    p.put("transaction.state.log.replication.factor", "1");
    p.put("transaction.state.log.min.isr", "1");
    p.put("transaction.state.log.num.partitions", "4");

    // A topic exists because the catalogue says so, not because of a typing error.
    p.put("auto.create.topics.enable", "false");
    p.put("unclean.leader.election.enable", "false");
    p.put("auto.leader.rebalance.enable", "false");

    // A member joins at once, and one that died is noticed in seconds; short locks are allowed for
    // those who ask.
    p.put("group.initial.rebalance.delay.ms", "0");
    p.put("group.min.session.timeout.ms", "1000");
    p.put("group.consumer.min.session.timeout.ms", "1000");
    p.put("group.consumer.session.timeout.ms", "15000");
    p.put("group.consumer.min.heartbeat.interval.ms", "500");
    p.put("group.consumer.heartbeat.interval.ms", "3000");
    p.put("group.share.min.session.timeout.ms", "1000");
    p.put("group.share.session.timeout.ms", "15000");
    p.put("group.share.min.heartbeat.interval.ms", "500");
    p.put("group.share.heartbeat.interval.ms", "3000");
    p.put("group.share.min.record.lock.duration.ms", "1000");

    // After a kill the old registration must lapse before the node may register again. Much less
    // than 4 s, and a starved
    // machine fences a healthy broker.
    p.put("broker.session.timeout.ms", "4000");
    p.put("broker.heartbeat.interval.ms", "500");
    p.put("controller.quorum.election.timeout.ms", "250");
    p.put("controlled.shutdown.enable", "true");

    // Small: one user, two cores.
    p.put("num.network.threads", "2");
    p.put("num.io.threads", "2");
    p.put("background.threads", "2");
    p.put("num.recovery.threads.per.data.dir", "2");
    p.put("group.coordinator.threads", "1");
    p.put("share.coordinator.threads", "1");
    p.put("log.cleaner.threads", "1");
    p.put("log.cleaner.dedupe.buffer.size", "8388608");
    p.put("log.cleaner.io.buffer.size", "262144");
    p.put("offsets.load.buffer.size", "1048576");
    p.put("transaction.state.log.load.buffer.size", "1048576");
    return p;
  }

  /**
   * Kafka ends the process when it can no longer keep its promises; this says why before it does.
   */
  private static void stopProcess(int status, @Nullable String reason) {
    if (STARTING.get() > 0) {
      throw new IllegalStateException(reason == null ? "Kafka gave up while starting" : reason);
    }
    String said =
        "Kafka had to stop the process (status %d%s). Most often its disk is full or no longer writable: check the free space and the rights of its data directory, then start again; acknowledged records are kept."
            .formatted(status, reason == null ? "" : ", " + reason);
    log.error(said);
    System.err.println(said);
    Runtime.getRuntime().halt(status == 0 ? 1 : status);
  }

  private static String rootOf(Throwable thrown) {
    Throwable root = thrown;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root instanceof IOException || root.getMessage() == null
        ? root.toString()
        : root.getMessage();
  }
}
