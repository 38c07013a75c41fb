package io.millrace.messaging;

import io.millrace.events.DatasetRef;
import io.millrace.events.DesiredState;
import io.millrace.events.FileRef;
import io.millrace.events.RunEnded;
import io.millrace.events.RunQueued;
import io.millrace.events.RunStarted;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;

/** Small valid events. */
final class Samples {

  private Samples() {}

  static RunStarted runStarted(String runId, int attempt) {
    return RunStarted.newBuilder()
        .setRequestId("request-" + runId)
        .setRunId(runId)
        .setWorker("worker-1")
        .setAttempt(attempt)
        .setStartedAt(Instant.now().truncatedTo(ChronoUnit.MILLIS))
        .build();
  }

  static RunEnded runEnded(String runId) {
    return RunEnded.newBuilder().setRunId(runId).setExperimentId("1").setStatus("FINISHED").build();
  }

  static FileRef file() {
    return FileRef.newBuilder()
        .setUri("dataset:/iris/1")
        .setMediaType("text/csv")
        .setSha256("0".repeat(64))
        .setSize(1)
        .build();
  }

  static RunQueued runQueued(String runId) {
    return RunQueued.newBuilder()
        .setRequestId("request-" + runId)
        .setRunId(runId)
        .setExperimentId("1")
        .setModelName("iris")
        .setTrainer("smile/random-forest")
        .setParams(Map.of("trees", "10"))
        .setSeed(42)
        .setMemoryBytes(1 << 30)
        .setTimeoutMillis(60_000)
        .setDataset(
            DatasetRef.newBuilder()
                .setName("iris")
                .setVersion(1)
                .setDigest("0".repeat(64))
                .setContent(file())
                .build())
        .setPipeline("name: iris")
        .setRequestedBy("someone")
        .build();
  }

  static DesiredState desiredState(String model, long revision) {
    return DesiredState.newBuilder()
        .setEnvironment("staging")
        .setModelName(model)
        .setVersion(1)
        .setRevision(revision)
        .setRunId("run")
        .setModelPackage(file())
        .setPipeline("name: iris")
        .setDecidedAt(Instant.now())
        .build();
  }
}
