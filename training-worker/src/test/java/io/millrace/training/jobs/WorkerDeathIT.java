package io.millrace.training.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.millrace.embedded.EmbeddedKafka;
import io.millrace.embedded.EmbeddedPlatformSettings;
import io.millrace.events.RunQueued;
import io.millrace.schemas.Topics;
import io.millrace.training.Jobs;
import io.millrace.training.StandIn;
import io.millrace.training.TrainingWorker;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

/** Workers that die, are stopped or lose sight of Kafka in the middle of a training. */
class WorkerDeathIT {

  @Test
  void anotherWorkerFinishesTheRunOfAKilledOne(@TempDir Path folder) throws Exception {
    Path log = folder.resolve("killed.log");
    try (StandIn services = new StandIn();
        Jobs jobs = new Jobs(services)) {
      Map<String, String> properties = Jobs.worker(services, folder.resolve("work"));
      properties.put("millrace.training.trainer-main", "io.millrace.trainers.Trainer");
      properties.put("millrace.work.lock", "3s");
      // The built-in trainer ends only when its metrics are delivered, so this holds it.
      services.metricsDown(true);
      RunQueued job = jobs.forest();
      StandIn.Run run = jobs.queue(job);
      Process killed = start(properties, log);
      try {
        await("training").atMost(Duration.ofSeconds(60)).until(() -> run.checks().size() == 1);
        List<ProcessHandle> trainers = killed.descendants().toList();
        assertThat(trainers).hasSize(1);
        killed.destroyForcibly().waitFor();
        await("the trainer ends with its worker")
            .atMost(Duration.ofSeconds(10))
            .until(() -> !trainers.getFirst().isAlive());
      } catch (Throwable e) {
        System.err.println(Files.readString(log));
        throw e;
      } finally {
        killed.destroyForcibly().waitFor();
      }
      assertThat(folders(folder)).isEqualTo(1);
      services.metricsDown(false);

      try (ConfigurableApplicationContext _ =
          TrainingWorker.application().run(Jobs.arguments(properties))) {
        await("finished by another worker")
            .atMost(Duration.ofSeconds(90))
            .until(() -> !run.end().isEmpty());
      }
      assertThat(run.end()).describedAs(run.report().toString()).isEqualTo("complete");
      assertThat(run.attempt()).isEqualTo(2);
      assertThat(run.report().path("metrics").path("validation.accuracy").asDouble())
          .isGreaterThan(0.7);
      assertThat(run.metrics()).isNotEmpty();
      assertThat(services.files())
          .containsKeys(
              "7/" + job.getRunId() + "/artifacts/model/manifest.json",
              "7/" + job.getRunId() + "/artifacts/model/model.onnx");
      assertThat(run.report().path("modelPackage").path("sha256").asString())
          .isEqualTo(
              StandIn.sha256(
                  services.files().get("7/" + job.getRunId() + "/artifacts/model/manifest.json")));
      assertThat(folders(folder)).isZero();
    }
  }

  @Test
  void aStoppedWorkerGivesItsJobBackAtOnce(@TempDir Path folder) throws Exception {
    try (StandIn services = new StandIn();
        Jobs jobs = new Jobs(services)) {
      Map<String, String> properties = Jobs.worker(services, folder.resolve("work"));
      ConfigurableApplicationContext stopped =
          TrainingWorker.application().run(Jobs.arguments(properties));
      StandIn.Run run = jobs.queue(jobs.scripted("sleep"));
      await("training").atMost(Duration.ofSeconds(30)).until(() -> run.checks().size() == 1);
      long began = System.nanoTime();
      stopped.close();
      assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(8));
      assertThat(ProcessHandle.current().descendants().map(p -> p.info().commandLine().orElse("")))
          .noneMatch(line -> line.contains("ScriptedTrainer"));
      assertThat(run.end()).isEmpty();
      assertThat(folders(folder)).isZero();

      try (ConfigurableApplicationContext _ =
          TrainingWorker.application().run(Jobs.arguments(properties))) {
        await("taken up before Kafka's lock of 15 s would have ended")
            .atMost(Duration.ofSeconds(12))
            .until(() -> run.attempt() == 2 && run.checks().size() == 2);
        run.cancel();
        await("ended").until(() -> !run.end().isEmpty());
      }
    }
  }

  @Test
  void aStoppedWorkerReleasesItsRunSoThatNobodyWaitsForTheLease(@TempDir Path folder)
      throws Exception {
    try (StandIn services = new StandIn();
        Jobs jobs = new Jobs(services)) {
      Map<String, String> properties = Jobs.worker(services, folder.resolve("work"));
      RunQueued job = jobs.scripted("sleep");
      services.releasing(runId -> jobs.queue(job));
      StandIn.Run run = services.run(job.getRunId());
      jobs.queue(job);
      // More often than a job may be delivered.
      for (int i = 1; i <= 5; i++) {
        int attempt = i;
        ConfigurableApplicationContext stopped =
            TrainingWorker.application().run(Jobs.arguments(properties));
        await("training, attempt " + attempt)
            .atMost(Duration.ofSeconds(30))
            .until(() -> run.attempt() == attempt && run.checks().size() == attempt);
        stopped.close();
        assertThat(run.released()).isEqualTo(attempt);
        assertThat(run.starts()).as("nobody was told to wait").isEqualTo(attempt);
        assertThat(folders(folder)).isZero();
      }
      assertThat(run.end()).isEmpty();
      try (ConfigurableApplicationContext _ =
          TrainingWorker.application().run(Jobs.arguments(properties))) {
        await("training again").atMost(Duration.ofSeconds(30)).until(() -> run.attempt() == 6);
        run.cancel();
        await("ended").until(() -> !run.end().isEmpty());
      }
    }
  }

  @Test
  void aRunGoesOnUnderItsLeaseWhileKafkaIsAwayAndItsJobComesAgain(@TempDir Path folder)
      throws Exception {
    EmbeddedPlatformSettings settings =
        EmbeddedPlatformSettings.in(folder.resolve("kafka")).withPorts(freePort(), 0, 0);
    EmbeddedKafka kafka = EmbeddedKafka.start(settings);
    kafka.createTopic(Topics.TRAINING_JOBS.name(), Topics.TRAINING_JOBS.partitions(), Map.of());
    kafka.hurry("training-workers");
    try (StandIn services = new StandIn();
        Jobs jobs = new Jobs(services, kafka.bootstrap())) {
      Map<String, String> properties = Jobs.worker(services, folder.resolve("work"));
      properties.put("millrace.kafka.bootstrap-servers", kafka.bootstrap());
      properties.put("millrace.work.lock", "2s");
      // The job comes again to this worker too.
      properties.put("millrace.training.concurrency", "2");
      RunQueued job = jobs.scripted("until-told");
      try (ConfigurableApplicationContext worker =
          TrainingWorker.application().run(Jobs.arguments(properties))) {
        StandIn.Run run = jobs.queue(job);
        await("training").atMost(Duration.ofSeconds(30)).until(() -> run.checks().size() == 1);
        kafka.close();
        await("the lock is over, and the lease goes on")
            .atMost(Duration.ofSeconds(20))
            .during(Duration.ofSeconds(3))
            .until(() -> run.attempt() == 1 && run.end().isEmpty());
        kafka = EmbeddedKafka.start(settings);
        await("nobody starts it anew")
            .atMost(Duration.ofSeconds(20))
            .during(Duration.ofSeconds(3))
            .until(() -> run.attempt() == 1 && run.end().isEmpty());
        Files.createFile(output(folder).resolve("told"));
        await("reported").atMost(Duration.ofSeconds(20)).until(() -> !run.end().isEmpty());
        assertThat(run.end()).describedAs(run.report().toString()).isEqualTo("complete");
        await("the job that came again is done with")
            .atMost(Duration.ofSeconds(40))
            .until(() -> run.starts() == 2);
        assertThat(run.attempt()).isEqualTo(1);
        assertThat(worker.isRunning()).isTrue();
      }
    } finally {
      kafka.close();
    }
  }

  private static Path output(Path folder) throws IOException {
    try (Stream<Path> found = Files.walk(folder.resolve("work/runs"))) {
      return found
          .filter(file -> file.endsWith("data-checks.json"))
          .findFirst()
          .orElseThrow()
          .getParent();
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static Process start(Map<String, String> properties, Path log) throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                TrainingWorker.class.getName()));
    command.addAll(List.of(Jobs.arguments(properties)));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
  }

  private static long folders(Path folder) throws IOException {
    try (Stream<Path> found = Files.list(folder.resolve("work/runs"))) {
      return found.count();
    }
  }
}
