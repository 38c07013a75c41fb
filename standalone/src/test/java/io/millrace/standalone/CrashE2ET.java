package io.millrace.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The services as processes of their own, killed one after another in the middle of a journey.
 * However it is interrupted, a journey ends with one model version, one promotion and one
 * deployment in each environment.
 */
class CrashE2ET {

  static final Path LIB = Path.of("target/dist/lib").toAbsolutePath();

  private static final List<String> FLAGS =
      List.of(
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          "-Xmx256m",
          "--enable-native-access=ALL-UNNAMED",
          "--sun-misc-unsafe-memory-access=allow",
          // How long a killed worker keeps its job and its run.
          "-Dmillrace.work.lock=10s",
          "-Dmillrace.leases.lease=10s");

  @TempDir static Path home;
  private static Infrastructures infrastructure;
  private static SeparateProcesses services;
  private static Journey journey;

  @BeforeAll
  static void startEverything() {
    infrastructure = new Infrastructures(LIB, home.resolve("infrastructure"));
    infrastructure.start(Infrastructures.Part.values());
    services =
        new SeparateProcesses(
            LIB, home.resolve("logs"), Wiring.of(infrastructure.addresses(), 0, home), FLAGS);
    services.start(Service.values());
    services.awaitReady(Service.values());
    journey = new Journey(services.gateway());
  }

  @AfterAll
  static void stopEverything() {
    for (AutoCloseable started : new AutoCloseable[] {journey, services, infrastructure}) {
      if (started != null) {
        closeQuietly(started);
      }
    }
  }

  /** What did not start is not there to be closed; the rest must not be left behind. */
  private static void closeQuietly(AutoCloseable started) {
    try {
      started.close();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void runsTheWholeJourney() {
    journey.prepare("undisturbed", 50);
    var request = journey.request("undisturbed");
    Journey.assertHappenedOnce(journey.awaitServed(request));
    assertThat(journey.predictOne("undisturbed").toString()).contains("malignant");
  }

  @ParameterizedTest(name = "{0} killed after {1}")
  @CsvSource({
    "TRACKING, RunStarted",
    "ARTIFACT, RunStarted",
    "TRAINING, RunStarted",
    "GATEWAY, RunStarted",
    "EVALUATION, ModelTrained",
    "DEPLOYMENT, ModelTrained",
    "INFERENCE, ModelEvaluated",
    "MONITORING, RunStarted",
  })
  void endsOnceWhoeverIsKilled(Service victim, String after) {
    var name = "killed-" + victim.key();
    journey.prepare(name, 300);
    var request = journey.request(name);
    journey.awaitEvent(request, after, "");
    services.kill(victim);
    services.start(victim);
    services.awaitReady(victim);
    Journey.assertHappenedOnce(journey.awaitServed(request));
    assertThat(journey.predictOne(name).toString()).contains("malignant");
  }

  @ParameterizedTest(name = "{0} killed after {1}")
  @CsvSource({"KAFKA, RunStarted", "POSTGRES, RunStarted", "S3, RunStarted"})
  void endsOnceWhenInfrastructureIsKilled(Infrastructures.Part victim, String after) {
    var name = "without-" + victim.key();
    journey.prepare(name, 300);
    var request = journey.request(name);
    journey.awaitEvent(request, after, "");
    infrastructure.kill(victim);
    infrastructure.start(victim);
    Journey.assertHappenedOnce(journey.awaitServed(request));
    assertThat(journey.predictOne(name).toString()).contains("malignant");
  }
}
