package io.millrace.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * What can be said of the compose file without an engine, and compose itself does not say;
 * deploy/verify brings it up. Each rule is shown to refuse a file that breaks it.
 */
class ComposeFileTest {

  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Wiring WIRING =
      Wiring.of(
          new Wiring.Infrastructure(
              "kafka:1", "jdbc:postgresql://postgres:1/d", "u", "p", "http://s3:1", "a", "s"),
          0,
          Path.of("home"));

  /**
   * A container is named after its host, and its key comes from the operator, not from a folder.
   */
  private static final Set<String> OF_ONE_PROCESS =
      Set.of("MILLRACE_INFERENCE_REPLICA", "MILLRACE_WEBHOOKS_KEY_FILE");

  /** Settings that an operator gives to containers, where one process has others or none. */
  private static final Set<String> OF_CONTAINERS =
      Set.of("MILLRACE_WEBHOOKS_KEY", "MILLRACE_WEBHOOKS_ALLOWED_NETWORKS");

  private static final Pattern SECRET =
      Pattern.compile(".*(PASSWORD|ACCESS_KEY|SECRET_KEY|IDENTITY|CREDENTIAL)");
  private static final Pattern FROM_ENVIRONMENT = Pattern.compile("\\$\\{[A-Z0-9_]+:\\?.+}");

  @Test
  void composeFileKeepsItsRules() {
    assertThat(problems(read("docker-compose.yml"), read("Dockerfile"))).isEmpty();
  }

  static Stream<Arguments> brokenFiles() {
    return Stream.of(
        arguments(
            "tracking-service publishes ports",
            "  tracking-service:\n",
            "  tracking-service:\n    ports: ['1:1']\n"),
        arguments("gateway publishes beyond this machine", "${GATEWAY_BIND:-127.0.0.1}:", ""),
        arguments("network inside is not internal", "inside: {internal: true}", "inside: {}"),
        arguments(
            "monitoring-service is not there",
            "\n  monitoring-service:\n    <<: *service",
            "\n  monitoring:\n    <<: *service"),
        arguments(
            "deployment-service says SERVICE=gateway",
            "SERVICE: deployment-service",
            "SERVICE: gateway"),
        arguments(
            "evaluation-worker has MILLRACE_ARTIFACT_CACHEDIRECTORY, which no setting answers to",
            "_CACHE_DIRECTORY: /var/lib/millrace/evaluation",
            "_CACHEDIRECTORY: /var/lib/millrace/evaluation"),
        arguments(
            "tracking-service has no MILLRACE_S3_BUCKET", "  MILLRACE_S3_BUCKET: millrace\n", ""),
        arguments(
            "gateway has MILLRACE_POSTGRES_HOST, which no setting answers to",
            "{<<: [*listen, *addresses], SERVICE: gateway,",
            "{<<: *environment, SERVICE: gateway,"),
        arguments(
            "s3 is waited for and has no health check",
            "8080'\"]",
            "8080'\"]\n      disable: true"),
        arguments("volume inference is not declared", "\n  inference: {}\n", "\n"),
        arguments("kafka has no pinned image: apache/kafka", "apache/kafka:4.2.1", "apache/kafka"),
        arguments(
            "postgres has no pinned image: postgres:latest", "postgres:18", "postgres:latest"),
        arguments(
            "tracking-service finds nobody at http://artifacts:8080",
            "MILLRACE_ARTIFACT_URI: http://artifact-service:",
            "MILLRACE_ARTIFACT_URI: http://artifacts:"),
        arguments(
            "postgres has POSTGRES_PASSWORD written down",
            "POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?Set POSTGRES_PASSWORD, for example in .env}\n    volumes",
            "POSTGRES_PASSWORD: secret\n    volumes"),
        arguments(
            "kafka has no memory limit",
            "    mem_limit: 1g\n    environment:\n      KAFKA",
            "    environment:\n      KAFKA"),
        arguments(
            "training-worker writes to /opt/training, which its user may not",
            "/var/lib/millrace/training",
            "/opt/training"),
        arguments(
            "inference-service writes to /opt/models, which its user may not",
            "/var/lib/millrace/inference/models",
            "/opt/models"),
        arguments(
            "inference-service keeps MILLRACE_INFERENCE_SPOOL_DIR in no volume",
            "    volumes: [inference:/var/lib/millrace/inference]\n",
            ""));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("brokenFiles")
  void refuses(String problem, String part, String replacement) {
    var whole = read("docker-compose.yml");
    assertThat(whole).contains(part);
    var broken = whole.replace(part, replacement);
    assertThat(problems(broken, read("Dockerfile"))).contains(problem);
  }

  @Test
  void refusesAnImageWithoutHealthCheckOrUser() {
    var image = read("Dockerfile");
    assertThat(problems(read("docker-compose.yml"), image.replace("HEALTHCHECK", "LABEL")))
        .contains("the image has no health check");
    assertThat(problems(read("docker-compose.yml"), image.replace("USER millrace", "USER root")))
        .contains("the image runs as root");
    assertThat(problems(read("docker-compose.yml"), image.replace("25-jre", "latest")))
        .contains("the image has no pinned base: eclipse-temurin:latest");
  }

  /**
   * A jar names its libraries by file: one that another module has in another version is not there.
   */
  @Test
  void imageHasEveryLibraryThatItsJarsName() throws IOException {
    var distribution = ROOT.resolve("standalone/target/dist/lib");
    var left = new ArrayList<PathMatcher>();
    for (var line : read(".dockerignore").lines().toList()) {
      if (line.startsWith("standalone/target/dist/lib/")) {
        var pattern = line.substring("standalone/target/dist/lib/".length()).replace("[^", "[!");
        left.add(FileSystems.getDefault().getPathMatcher("glob:" + pattern));
      }
    }
    var image = new TreeSet<String>();
    try (var files = Files.newDirectoryStream(distribution, "*.jar")) {
      for (var file : files) {
        if (left.stream().noneMatch(pattern -> pattern.matches(file.getFileName()))) {
          image.add(file.getFileName().toString());
        }
      }
    }
    var missing = new ArrayList<String>();
    for (var program : programs()) {
      var jar =
          image.stream()
              .filter(name -> name.startsWith(program + "-"))
              .findFirst()
              .orElseThrow(() -> new AssertionError("no " + program));
      var named = classPath(distribution.resolve(jar));
      assertThat(named).as("libraries of %s", jar).isNotEmpty();
      named.stream()
          .filter(library -> !image.contains(library))
          .map(library -> jar + " names " + library)
          .forEach(missing::add);
    }
    assertThat(missing).isEmpty();
  }

  /** What is started in a container: the services, the worker's trainer, the command line. */
  private static List<String> programs() {
    var programs = new ArrayList<>(List.of("trainers", "cli"));
    for (var service : Service.values()) {
      programs.add(service.module());
    }
    return programs;
  }

  private static List<String> classPath(Path jar) throws IOException {
    try (var file = new JarFile(jar.toFile())) {
      var manifest = file.getManifest();
      var named =
          manifest == null
              ? null
              : manifest.getMainAttributes().getValue(Attributes.Name.CLASS_PATH);
      return named == null ? List.of() : List.of(named.split(" ", -1));
    }
  }

  private static List<String> problems(String composeFile, String image) {
    var yaml = new Yaml(new SafeConstructor(new LoaderOptions()));
    Map<String, Object> file = yaml.load(composeFile);
    var services = new TreeMap<String, Map<String, Object>>();
    map(file, "services").forEach((name, service) -> services.put(name, cast(service)));
    var problems = new ArrayList<String>();
    problems.addAll(imageProblems(image));
    problems.addAll(missingServices(services));
    var networks = map(file, "networks");
    if (!map(networks, "inside").getOrDefault("internal", false).equals(true)) {
      problems.add("network inside is not internal");
    }
    var used = new HashSet<String>();
    services.forEach(
        (name, service) -> {
          problems.addAll(edgeProblems(name, service));
          problems.addAll(orderProblems(name, service, services));
          problems.addAll(environmentProblems(name, service, services.keySet()));
          problems.addAll(pathProblems(name, service, image));
          if (!isPinned(String.valueOf(service.get("image")))) {
            problems.add(name + " has no pinned image: " + service.get("image"));
          }
          if (!service.containsKey("mem_limit")) {
            problems.add(name + " has no memory limit");
          }
          volumes(service).keySet().forEach(used::add);
        });
    var declared = map(file, "volumes").keySet();
    used.stream()
        .filter(volume -> !declared.contains(volume))
        .map(volume -> "volume " + volume + " is not declared")
        .forEach(problems::add);
    declared.stream()
        .filter(volume -> !used.contains(volume))
        .map(volume -> "volume " + volume + " is not used")
        .forEach(problems::add);
    return problems;
  }

  private static List<String> imageProblems(String image) {
    var problems = new ArrayList<String>();
    if (instruction(image, "HEALTHCHECK").isEmpty()) {
      problems.add("the image has no health check");
    }
    var user = instruction(image, "USER");
    if (user.isEmpty() || user.startsWith("root") || user.startsWith("0")) {
      problems.add("the image runs as root");
    }
    if (!isPinned(instruction(image, "FROM"))) {
      problems.add("the image has no pinned base: " + instruction(image, "FROM"));
    }
    return problems;
  }

  private static List<String> missingServices(Map<String, Map<String, Object>> services) {
    var problems = new ArrayList<String>();
    for (var service : Service.values()) {
      var found = services.get(service.module());
      if (found == null) {
        problems.add(service.module() + " is not there");
        continue;
      }
      var named = environment(found).get("SERVICE");
      if (!service.module().equals(named)) {
        problems.add(service.module() + " says SERVICE=" + named);
      }
      var missing = new LinkedHashMap<>(WIRING.environment(service));
      missing.keySet().removeAll(OF_ONE_PROCESS);
      missing.keySet().removeAll(environment(found).keySet());
      missing.keySet().forEach(variable -> problems.add(service.module() + " has no " + variable));
    }
    return problems;
  }

  /** Who can be reached from where. */
  private static List<String> edgeProblems(String name, Map<String, Object> service) {
    var problems = new ArrayList<String>();
    var gateway = name.equals(Service.GATEWAY.module());
    var ports = list(service, "ports");
    if (!gateway && !ports.isEmpty()) {
      problems.add(name + " publishes ports");
    }
    if (gateway
        && !ports.equals(List.of("${GATEWAY_BIND:-127.0.0.1}:${GATEWAY_PORT:-8080}:8080"))) {
      problems.add("gateway publishes beyond this machine");
    }
    if (!list(service, "networks")
        .equals(gateway ? List.of("inside", "outside") : List.of("inside"))) {
      problems.add(name + " is on other networks than it should be: " + service.get("networks"));
    }
    return problems;
  }

  private static List<String> orderProblems(
      String name, Map<String, Object> service, Map<String, Map<String, Object>> services) {
    var problems = new ArrayList<String>();
    map(service, "depends_on")
        .forEach(
            (other, condition) -> {
              var there = services.get(other);
              if (there == null) {
                problems.add(name + " waits for " + other + ", which is not there");
              } else if (cast(condition).get("condition").equals("service_healthy")
                  && !isOurs(there)
                  && (map(there, "healthcheck").isEmpty()
                      || map(there, "healthcheck").containsKey("disable"))) {
                problems.add(other + " is waited for and has no health check");
              }
            });
    return problems;
  }

  private static List<String> environmentProblems(
      String name, Map<String, Object> service, Collection<String> hosts) {
    var problems = new ArrayList<String>();
    var known =
        Stream.of(Service.values())
            .filter(each -> each.module().equals(name))
            .map(each -> WIRING.environment(each).keySet())
            .findAny();
    environment(service)
        .forEach(
            (variable, value) -> {
              if (variable.startsWith("MILLRACE_")
                  && known.isPresent()
                  && !OF_CONTAINERS.contains(variable)
                  && !known.get().contains(variable)) {
                problems.add(name + " has " + variable + ", which no setting answers to");
              }
              if (SECRET.matcher(variable).matches()
                  && !FROM_ENVIRONMENT.matcher(value).matches()) {
                problems.add(name + " has " + variable + " written down");
              }
              if (variable.startsWith("MILLRACE_")
                  && value.startsWith("http://")
                  && !hosts.contains(URI.create(value).getHost())) {
                problems.add(name + " finds nobody at " + value);
              }
            });
    return problems;
  }

  /**
   * A service may write below its home; what must outlive a container is in a volume that the image
   * prepares.
   */
  private static List<String> pathProblems(String name, Map<String, Object> service, String image) {
    var problems = new ArrayList<String>();
    if (!isOurs(service)) {
      return problems;
    }
    var home = instruction(image, "WORKDIR");
    var mounts = volumes(service).values();
    environment(service)
        .forEach(
            (variable, value) -> {
              if ((variable.endsWith("_DIR") || variable.endsWith("_DIRECTORY"))
                  && !value.startsWith(home + "/")) {
                problems.add(name + " writes to " + value + ", which its user may not");
              }
              if (variable.endsWith("_SPOOL_DIR")
                  && mounts.stream().noneMatch(mount -> value.startsWith(mount + "/"))) {
                problems.add(name + " keeps " + variable + " in no volume");
              }
            });
    for (var mount : mounts) {
      if (!image.contains(" " + mount + "\n") && !image.contains(" " + mount + " ")) {
        problems.add(name + " mounts " + mount + ", which the image does not prepare");
      }
    }
    return problems;
  }

  private static boolean isOurs(Map<String, Object> service) {
    return String.valueOf(service.get("image")).startsWith("millrace:");
  }

  private static boolean isPinned(String image) {
    int tag = image.indexOf(':', image.lastIndexOf('/') + 1);
    return tag > 0 && !image.endsWith(":latest");
  }

  /** The last instruction of a kind, empty where there is none. */
  private static String instruction(String image, String name) {
    return image
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .reduce((first, last) -> last)
        .map(line -> line.substring(name.length() + 1))
        .orElse("");
  }

  private static Map<String, String> environment(Map<String, Object> service) {
    var environment = new LinkedHashMap<String, String>();
    map(service, "environment")
        .forEach((variable, value) -> environment.put(variable, String.valueOf(value)));
    return environment;
  }

  /** Named volumes and where they are mounted. */
  private static Map<String, String> volumes(Map<String, Object> service) {
    var volumes = new LinkedHashMap<String, String>();
    for (var volume : list(service, "volumes")) {
      var parts = String.valueOf(volume).split(":", -1);
      volumes.put(parts[0], parts[1]);
    }
    return volumes;
  }

  private static List<?> list(Map<String, Object> parent, String key) {
    return parent.get(key) instanceof List<?> list ? list : List.of();
  }

  private static Map<String, Object> map(Map<String, Object> parent, String key) {
    return parent.get(key) instanceof Map<?, ?> map ? cast(map) : Map.of();
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> cast(Object map) {
    return (Map<String, Object>) map;
  }

  private static String read(String file) {
    try {
      return Files.readString(ROOT.resolve(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
