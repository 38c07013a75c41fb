package io.millrace.training.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.MeterRegistry;
import io.millrace.events.RunQueued;
import io.millrace.training.Jobs;
import io.millrace.training.StandIn;
import io.millrace.training.TrainingWorker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * A worker on a real broker with real child processes; {@link StandIn} is the services it calls.
 */
class TrainingWorkerIT {

  @TempDir static Path workDir;
  private static StandIn services;
  private static Jobs jobs;
  private static ConfigurableApplicationContext worker;

  @BeforeAll
  static void start() throws IOException {
    services = new StandIn();
    jobs = new Jobs(services);
    worker = TrainingWorker.application().run(Jobs.arguments(Jobs.worker(services, workDir)));
  }

  @AfterAll
  static void stop() {
    worker.close();
    jobs.close();
    services.close();
  }

  @Test
  void storesThePackageAndReportsIt() throws IOException {
    RunQueued job = jobs.scripted("succeed");
    StandIn.Run run = ended(jobs.queue(job));

    assertThat(run.end()).isEqualTo("complete");
    assertThat(run.attempt()).isEqualTo(1);
    var model = run.report().path("modelPackage");
    String root = "7/" + job.getRunId() + "/artifacts";
    assertThat(model.path("uri").asString()).isEqualTo("mlflow-artifacts:/" + root + "/model");
    assertThat(model.path("mediaType").asString()).isEqualTo("application/x-directory");
    assertThat(model.path("sha256").asString())
        .isEqualTo(StandIn.sha256("{\"files\":[]}".getBytes(StandardCharsets.UTF_8)));
    assertThat(model.path("size").asLong()).isEqualTo(12 + 4 + 6);
    assertThat(run.report().path("metrics").path("validation.accuracy").asDouble()).isEqualTo(0.9);
    assertThat(run.report().path("parityMaxAbsDiff").asDouble()).isEqualTo(1.0E-6);
    assertThat(run.checks()).hasSize(1);
    assertThat(run.checks().getFirst().path("passed").asBoolean()).isTrue();
    assertThat(services.files())
        .containsKeys(
            root + "/model/manifest.json",
            root + "/model/model.onnx",
            root + "/model/nested/a b.txt",
            root + "/logs/trainer.log");
    List<String> stored =
        services.calls().stream()
            .filter(
                call ->
                    call.startsWith("PUT") && call.contains(job.getRunId() + "/artifacts/model"))
            .toList();
    assertThat(stored).hasSize(3);
    assertThat(stored.getLast()).endsWith("manifest.json");
    await("folder deleted").until(() -> folders() == 0);
    assertThat(
            worker
                .getBean(MeterRegistry.class)
                .get("millrace.training.duration")
                .tags("trainer", "scripted", "outcome", "trained")
                .timer()
                .count())
        .isPositive();
  }

  @Test
  void givesATrainerItsContractAndNoneOfTheWorkersEnvironment() {
    RunQueued job = jobs.scripted("environment");
    ended(jobs.queue(job));
    String log =
        new String(
            services.files().get("7/" + job.getRunId() + "/artifacts/logs/trainer.log"),
            StandardCharsets.UTF_8);
    assertThat(log)
        .contains("MLFLOW_TRACKING_URI=" + services.uri())
        .contains("MLFLOW_RUN_ID=" + job.getRunId())
        .contains("MILLRACE_ATTEMPT=1")
        .contains("MILLRACE_PARENT_PID=" + ProcessHandle.current().pid())
        .contains("\"digest\":\"" + job.getDataset().getContent().getSha256() + "\"")
        .contains("\"target\":\"label\"")
        .contains("\"profile\":\"lenient\"")
        .contains("data x,y\n1,a");
    List<String> names =
        log.lines()
            .filter(line -> line.matches("[A-Za-z_]+=.*"))
            .map(line -> line.split("=")[0])
            .toList();
    assertThat(names)
        .allMatch(
            name ->
                name.startsWith("MILLRACE_")
                    || name.startsWith("MLFLOW_")
                    || List.of("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH")
                        .contains(name));
  }

  @Test
  void endsATrainerWithAllItStartedWhenItsTimeIsOver() {
    StandIn.Run run = ended(jobs.queue(jobs.scripted("stubborn", 2_500)));
    assertThat(run.end()).isEqualTo("fail");
    assertThat(run.report().path("reason").asString()).isEqualTo("timed-out");
    assertThat(run.report().path("message").asString()).contains("train.resources.timeout");
    await("no process left").until(TrainingWorkerIT::noProcessLeft);
  }

  @Test
  void stopsACancelledRun() {
    StandIn.Run run = jobs.queue(jobs.scripted("sleep"));
    await("started").until(() -> !run.checks().isEmpty());
    run.cancel();
    ended(run);
    assertThat(run.report().path("reason").asString()).isEqualTo("cancelled");
    await("no process left").until(TrainingWorkerIT::noProcessLeft);
  }

  @Test
  void stopsAFencedRunWithoutAReportAndTriesAgainLater() {
    StandIn.Run run = jobs.queue(jobs.scripted("sleep"));
    await("started").until(() -> run.checks().size() == 1);
    run.take();
    await("trainer ended").atMost(Duration.ofSeconds(15)).until(TrainingWorkerIT::noProcessLeft);
    assertThat(run.end()).isEmpty();
    await("taken again when the other's lease was over")
        .atMost(Duration.ofSeconds(30))
        .until(() -> run.attempt() == 3 && run.checks().size() == 2);
    run.cancel();
    ended(run);
  }

  @Test
  void reportsACrashWithTheLastWords() {
    StandIn.Run run = ended(jobs.queue(jobs.scripted("crash")));
    assertThat(run.report().path("reason").asString()).isEqualTo("crashed");
    assertThat(run.report().path("message").asString()).contains("the sky is falling");
  }

  @Test
  void recognisesAFullHeap() {
    StandIn.Run run = ended(jobs.queue(jobs.scripted("heap")));
    assertThat(run.report().path("reason").asString()).isEqualTo("out-of-memory");
    assertThat(run.report().path("message").asString()).contains("train.resources.memory");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void stopsAProcessThatOutgrowsItsLimitOutsideTheHeap() {
    StandIn.Run run = ended(jobs.queue(jobs.scripted("native")));
    assertThat(run.report().path("reason").asString()).isEqualTo("out-of-memory");
    assertThat(run.report().path("message").asString()).contains("64 MB");
  }

  @Test
  void reportsFailedDataChecks() {
    StandIn.Run run = ended(jobs.queue(jobs.scripted("fail-checks")));
    assertThat(run.report().path("reason").asString()).isEqualTo("data-checks-failed");
    assertThat(run.report().path("message").asString()).isEqualTo("column x is empty");
    assertThat(run.checks().getFirst().path("passed").asBoolean()).isFalse();
  }

  @Test
  void believesNoTrainerThatLeavesNoPackage() {
    assertThat(ended(jobs.queue(jobs.scripted("lie"))).report().path("message").asString())
        .contains("result.json");
    StandIn.Run refused = ended(jobs.queue(jobs.scripted("refused")));
    assertThat(refused.report().path("reason").asString()).isEqualTo("crashed");
    assertThat(refused.report().path("message").asString()).contains("refused a metric");
    assertThat(ended(jobs.queue(jobs.scripted("nonsense"))).report().path("reason").asString())
        .isEqualTo("invalid-parameters");
  }

  @Test
  void saysWhichDatasetIsMissing() {
    StandIn.Run run = ended(jobs.queue(jobs.withoutDataset()));
    assertThat(run.report().path("reason").asString()).isEqualTo("invalid-parameters");
    assertThat(run.report().path("message").asString()).contains("nowhere");
  }

  @Test
  void doesAJobThatIsDeliveredTwiceOnce() {
    RunQueued job = jobs.scripted("succeed");
    StandIn.Run run = jobs.queue(job);
    jobs.queue(job);
    ended(run);
    await("asked twice").until(() -> run.starts() == 2);
    RunQueued after = jobs.scripted("succeed");
    ended(jobs.queue(after));
    assertThat(run.attempt()).isEqualTo(1);
    assertThat(count("/" + job.getRunId() + "/complete")).isEqualTo(1);
  }

  @Test
  void waitsForServicesThatAreRestarting() {
    services.down(true);
    StandIn.Run run;
    try {
      run = jobs.queue(jobs.scripted("succeed"));
      await("called in vain").pollDelay(Duration.ofSeconds(1)).until(() -> run.starts() == 0);
    } finally {
      services.down(false);
    }
    ended(run);
    assertThat(run.end()).isEqualTo("complete");
    assertThat(run.attempt()).isEqualTo(1);
  }

  @Test
  void keepsAResultUntilTheServicesAreBack() throws IOException {
    RunQueued job = jobs.scripted("until-told");
    StandIn.Run run = jobs.queue(job);
    await("about to start")
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> found(job, "job.json").isPresent());
    services.down(true);
    try {
      await("training").until(() -> found(job, "data-checks.json").isPresent());
      Files.createFile(found(job, "data-checks.json").orElseThrow().resolveSibling("told"));
      await("longer than other calls are repeated")
          .during(Duration.ofSeconds(6))
          .atMost(Duration.ofSeconds(20))
          .until(() -> run.end().isEmpty());
    } finally {
      services.down(false);
    }
    ended(run);
    assertThat(run.end()).isEqualTo("complete");
    assertThat(run.attempt()).isEqualTo(1);
    assertThat(run.starts()).isEqualTo(1);
    assertThat(run.checks()).hasSize(1);
  }

  private static Optional<Path> found(RunQueued job, String file) throws IOException {
    try (Stream<Path> all = Files.walk(workDir.resolve("runs"))) {
      return all.filter(path -> path.endsWith(file))
          .filter(path -> path.toString().contains(job.getRunId()))
          .findFirst();
    } catch (UncheckedIOException goneMeanwhile) {
      return Optional.empty();
    }
  }

  @Test
  void downloadsADatasetOnce() {
    RunQueued first = jobs.scripted("succeed");
    ended(jobs.queue(first));
    long downloads = count("/api/v1/datasets/points/versions/1/content");
    ended(jobs.queue(jobs.scripted("succeed")));
    assertThat(count("/api/v1/datasets/points/versions/1/content")).isEqualTo(downloads);
  }

  private static StandIn.Run ended(StandIn.Run run) {
    await("run ended").atMost(Duration.ofSeconds(60)).until(() -> !run.end().isEmpty());
    return run;
  }

  private static long count(String path) {
    return services.calls().stream().filter(call -> call.endsWith(path)).count();
  }

  private static boolean noProcessLeft() {
    return ProcessHandle.current()
        .descendants()
        .map(process -> process.info().commandLine().orElse(""))
        .noneMatch(line -> line.contains("ScriptedTrainer") || line.contains("sleep 600"));
  }

  private static long folders() throws IOException {
    try (Stream<Path> found = Files.list(workDir.resolve("runs"))) {
      return found.count();
    }
  }
}
