package io.millrace.standalone;

import io.millrace.embedded.EmbeddedPlatform;
import io.millrace.embedded.Port;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Who finds whom where: the settings of every service for one set of infrastructure. The same
 * settings serve a service inside this process, as arguments, and one in a process of its own, as
 * environment variables.
 */
public final class Wiring {

  private static final String BUCKET = "millrace";

  private final Map<String, String> shared = new LinkedHashMap<>();
  private final Map<Service, Integer> ports;
  private final Path home;

  private Wiring(Map<Service, Integer> ports, Path home) {
    this.ports = ports;
    this.home = home;
  }

  /**
   * @param kafka bootstrap address
   * @param jdbcUrl PostgreSQL's address as `jdbc:postgresql://host:port/database`
   * @param user PostgreSQL user
   * @param password its password
   * @param s3 the S3 endpoint
   * @param accessKey S3 access key
   * @param secretKey S3 secret key
   */
  public record Infrastructure(
      String kafka,
      String jdbcUrl,
      String user,
      String password,
      String s3,
      String accessKey,
      String secretKey) {

    /** That of an embedded platform. */
    public static Infrastructure of(EmbeddedPlatform platform) {
      return new Infrastructure(
          platform.kafkaBootstrap(),
          platform.jdbcUrl(),
          platform.postgresUser(),
          platform.postgresPassword(),
          platform.s3Endpoint(),
          platform.s3AccessKey(),
          platform.s3SecretKey());
    }

    /** The same with another database on the same server. */
    public Infrastructure withJdbcUrl(String other) {
      return new Infrastructure(kafka, other, user, password, s3, accessKey, secretKey);
    }
  }

  /**
   * @param gatewayPort port of the gateway, 0 for a free one; every other service takes a free one
   * @param home folder for work files and caches
   */
  public static Wiring of(Infrastructure infrastructure, int gatewayPort, Path home) {
    var wiring = new Wiring(choosePorts(gatewayPort), home);
    var database = URI.create(infrastructure.jdbcUrl().substring("jdbc:".length()));
    wiring.shared.put("millrace.kafka.bootstrap-servers", infrastructure.kafka());
    wiring.shared.put("millrace.postgres.host", database.getHost());
    wiring.shared.put("millrace.postgres.port", Integer.toString(database.getPort()));
    wiring.shared.put("millrace.postgres.database", database.getPath().substring(1));
    wiring.shared.put("millrace.postgres.user", infrastructure.user());
    wiring.shared.put("millrace.postgres.password", infrastructure.password());
    wiring.shared.put("millrace.s3.endpoint", infrastructure.s3());
    wiring.shared.put("millrace.s3.access-key", infrastructure.accessKey());
    wiring.shared.put("millrace.s3.secret-key", infrastructure.secretKey());
    wiring.shared.put("millrace.s3.bucket", BUCKET);
    for (var service : Service.values()) {
      wiring.shared.put("millrace." + service.key() + ".uri", wiring.address(service).toString());
    }
    return wiring;
  }

  /** Where a service listens. */
  public URI address(Service service) {
    return URI.create("http://127.0.0.1:" + port(service));
  }

  int port(Service service) {
    return java.util.Objects.requireNonNull(ports.get(service));
  }

  /** The settings of one service. */
  public Map<String, String> settings(Service service) {
    var settings = new LinkedHashMap<String, String>();
    shared.forEach(
        (key, value) -> {
          // The gateway talks to services only: what it does not know, it cannot leak.
          if (service != Service.GATEWAY || key.endsWith(".uri")) {
            settings.put(key, value);
          }
        });
    settings.put("server.port", Integer.toString(port(service)));
    switch (service) {
      case TRAINING ->
          settings.put("millrace.training.work-dir", home.resolve("work/training").toString());
      case EVALUATION ->
          settings.put(
              "millrace.artifact.cache.directory", home.resolve("work/evaluation").toString());
      case INFERENCE -> {
        settings.put(
            "millrace.artifact.cache.directory", home.resolve("work/inference/models").toString());
        settings.put(
            "millrace.inference.spool-dir", home.resolve("work/inference/spool").toString());
        settings.put("millrace.inference.replica", "standalone");
      }
      case TRACKING ->
          settings.put(
              "millrace.webhooks.key-file", home.resolve("secrets/webhooks.key").toString());
      case GATEWAY, ARTIFACT, DEPLOYMENT, MONITORING -> {}
    }
    return settings;
  }

  /** The settings as command line arguments. */
  List<String> arguments(Service service) {
    var arguments = new ArrayList<String>();
    settings(service).forEach((key, value) -> arguments.add("--" + key + "=" + value));
    return arguments;
  }

  /** The settings as environment variables. */
  public Map<String, String> environment(Service service) {
    var environment = new LinkedHashMap<String, String>();
    settings(service)
        .forEach(
            (key, value) ->
                environment.put(
                    key.replace('.', '_').replace('-', '_').toUpperCase(Locale.ROOT), value));
    return environment;
  }

  private static Map<Service, Integer> choosePorts(int gatewayPort) {
    var ports = new EnumMap<Service, Integer>(Service.class);
    for (var service : Service.values()) {
      int port;
      do {
        port = Port.claim(service.module(), service == Service.GATEWAY ? gatewayPort : 0);
      } while (ports.containsValue(port));
      ports.put(service, port);
    }
    return ports;
  }
}
