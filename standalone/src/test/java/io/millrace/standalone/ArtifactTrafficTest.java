package io.millrace.standalone;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.web.client.RestClient;
import org.springframework.web.reactive.function.client.WebClient;

/**
 * Who speaks HTTP. A host name does not show in byte code, so the rule forbids HTTP clients
 * everywhere but in the named places, none of which calls artifact-service.
 */
class ArtifactTrafficTest {

  private static final DescribedPredicate<JavaClass> HTTP_CLIENTS =
      named(
          "java.net.http.HttpClient",
          "java.net.URLConnection",
          "java.net.HttpURLConnection",
          "org.springframework.web.client.RestClient",
          "org.springframework.web.client.RestOperations",
          "org.springframework.web.client.RestTemplate",
          "org.springframework.web.reactive.function.client.WebClient",
          "org.springframework.web.service.invoker.HttpServiceProxyFactory",
          "org.springframework.http.client.ClientHttpRequestFactory",
          "reactor.netty.http.client.HttpClient",
          "okhttp3.OkHttpClient");

  private static final String CLIENT = "io.millrace.artifacts..";

  /**
   * Packages and classes, these by simple name, with HTTP clients of their own and what they call.
   */
  private static final List<String> OTHERS =
      List.of(
          // S3, and tracking-service for artifact roots.
          "io.millrace.artifact..",
          // Every service, on behalf of a client.
          "io.millrace.gateway..",
          // The gateway.
          "io.millrace.cli..",
          "io.millrace.trainers..",
          // tracking-service.
          "TrackingHttp",
          // Receivers outside the platform.
          "io.millrace..webhooks..",
          // The health endpoints of the services it started.
          "SeparateProcesses",
          // A resource of the class path.
          "PostgresBinaries",
          // Nothing: it tunes the client that it is given.
          "LargePieces");

  private static JavaClasses classes;

  @BeforeAll
  static void read() {
    classes =
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("io.millrace");
  }

  private static final ArchRule RULE =
      noClasses()
          .that(not(resideInAPackage(CLIENT)).and(not(isOneOf(OTHERS))))
          .should()
          .dependOnClassesThat(HTTP_CLIENTS)
          .orShould()
          .callMethod(java.net.URL.class, "openStream")
          .orShould()
          .callMethod(java.net.URL.class, "openConnection")
          .because(
              "artifacts are downloaded, verified, cached and stored by artifact-client alone: use it, or name the place here with the other service that it calls");

  @Test
  void artifactClientAloneCallsArtifactService() {
    RULE.check(classes);
  }

  @Test
  void everyModuleIsSeen() {
    assertThat(
            List.of(
                "tracking.TrackingService",
                "artifact.ArtifactService",
                "training.TrainingWorker",
                "evaluation.EvaluationWorker",
                "deployment.DeploymentService",
                "inference.InferenceService",
                "monitoring.MonitoringService",
                "gateway.Gateway",
                "artifacts.ArtifactClient"))
        .allMatch(name -> classes.contain("io.millrace." + name));
  }

  @ParameterizedTest
  @ValueSource(classes = {ByHttpClient.class, ByRestClient.class, ByWebClient.class, ByUrl.class})
  void refusesOtherWays(Class<?> bypass) {
    assertThat(RULE.evaluate(new ClassFileImporter().importClasses(bypass)).hasViolation())
        .isTrue();
  }

  /** A place that needs no exception any more must not keep one. */
  @Test
  void everyNamedPlaceHasAnHttpClient() {
    assertThat(OTHERS)
        .allSatisfy(
            place ->
                assertThat(classes.that(isOneOf(List.of(place))))
                    .as(place)
                    .anyMatch(
                        type ->
                            type.getDirectDependenciesFromSelf().stream()
                                .anyMatch(d -> HTTP_CLIENTS.test(d.getTargetClass()))));
  }

  static final class ByHttpClient {
    final HttpClient http = HttpClient.newHttpClient();
  }

  static final class ByRestClient {
    final RestClient http = RestClient.create();
  }

  static final class ByWebClient {
    final WebClient http = WebClient.create();
  }

  static final class ByUrl {
    InputStream open() throws IOException {
      return URI.create("http://127.0.0.1:8082").toURL().openStream();
    }
  }

  private static DescribedPredicate<JavaClass> named(String... names) {
    return DescribedPredicate.describe(
        "are HTTP clients", type -> List.of(names).contains(type.getName()));
  }

  /** A class stands for its nested classes too. */
  private static DescribedPredicate<JavaClass> isOneOf(List<String> places) {
    String[] packages =
        places.stream().filter(place -> place.endsWith("..")).toArray(String[]::new);
    return resideInAnyPackage(packages)
        .or(
            DescribedPredicate.describe(
                "are among " + places,
                type -> places.contains(type.getName().replaceAll(".*\\.|\\$.*", ""))));
  }
}
