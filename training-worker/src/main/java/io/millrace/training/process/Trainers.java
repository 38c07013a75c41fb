package io.millrace.training.process;

import io.millrace.training.services.ServiceSettings;
import io.millrace.training.workdir.RunDirectory;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.springframework.stereotype.Component;

/** Starts trainers with the environment that is their contract. */
@Component
public final class Trainers {

  private final TrainerCommand command;
  private final TrainerSettings settings;
  private final ServiceSettings services;

  Trainers(TrainerCommand command, TrainerSettings settings, ServiceSettings services) {
    this.command = command;
    this.settings = settings;
    this.services = services;
  }

  /** Starts a trainer for what is prepared in a run's folder. */
  public TrainerProcess start(RunDirectory run, String runId, int attempt, long memoryBytes)
      throws IOException {
    Map<String, String> environment = new LinkedHashMap<>();
    environment.put("MLFLOW_TRACKING_URI", services.gatewayUri().toString());
    environment.put("MLFLOW_RUN_ID", runId);
    environment.put("MILLRACE_DATASET", run.dataset().toString());
    environment.put("MILLRACE_OUTPUT", run.output().toString());
    environment.put("MILLRACE_JOB", run.job().toString());
    environment.put("MILLRACE_ATTEMPT", Integer.toString(attempt));
    TrainerProcess trainer =
        TrainerProcess.start(
            command.with(memoryBytes, run.temporary()), environment, run.path(), run.log());
    run.note(trainer.handle());
    return trainer;
  }

  /** What a run with these limits may use. */
  public TrainerProcess.Limits limits(Duration time, long memoryBytes) {
    return new TrainerProcess.Limits(
        time, memoryBytes + settings.memoryOverhead().toBytes(), settings.stopGrace());
  }
}
