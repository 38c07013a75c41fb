package io.millrace.standalone;

import io.millrace.artifact.ArtifactService;
import io.millrace.deployment.DeploymentService;
import io.millrace.evaluation.EvaluationWorker;
import io.millrace.gateway.Gateway;
import io.millrace.inference.InferenceService;
import io.millrace.monitoring.MonitoringService;
import io.millrace.tracking.TrackingService;
import io.millrace.training.TrainingWorker;
import java.util.function.Supplier;
import org.springframework.boot.builder.SpringApplicationBuilder;

/** The deployables, in the order in which a request meets them. */
public enum Service {
  GATEWAY("gateway", "gateway", Gateway::application),
  TRACKING("tracking-service", "tracking", TrackingService::application),
  ARTIFACT("artifact-service", "artifact", ArtifactService::application),
  TRAINING("training-worker", "training", TrainingWorker::application),
  EVALUATION("evaluation-worker", "evaluation", EvaluationWorker::application),
  DEPLOYMENT("deployment-service", "deployment", DeploymentService::application),
  INFERENCE("inference-service", "inference", InferenceService::application),
  MONITORING("monitoring-service", "monitoring", MonitoringService::application);

  private final String module;
  private final String key;
  private final Supplier<SpringApplicationBuilder> application;

  Service(String module, String key, Supplier<SpringApplicationBuilder> application) {
    this.module = module;
    this.key = key;
    this.application = application;
  }

  /** The module, which is also the name people know it by. */
  public String module() {
    return module;
  }

  /** The setting under which others find it: `millrace.<key>.uri`. */
  public String key() {
    return key;
  }

  SpringApplicationBuilder application() {
    return application.get();
  }
}
