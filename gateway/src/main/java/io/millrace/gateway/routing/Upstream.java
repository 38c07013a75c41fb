package io.millrace.gateway.routing;

import java.util.List;

/**
 * A service behind the gateway and the paths that belong to it. The order matters: the first match
 * wins, so the narrower paths of one service stand before the wider ones of another.
 */
public enum Upstream {
  ARTIFACT(
      "artifact-service",
      "/api/2.0/mlflow-artifacts/**",
      "/ajax-api/2.0/mlflow-artifacts/**",
      "/api/2.0/mlflow/artifacts/**",
      "/ajax-api/2.0/mlflow/artifacts/**",
      "/api/2.0/mlflow/logged-models/*/artifacts/**",
      "/ajax-api/2.0/mlflow/logged-models/*/artifacts/**",
      "/get-artifact",
      "/ajax-api/2.0/mlflow/get-artifact",
      "/model-versions/get-artifact",
      "/ajax-api/2.0/mlflow/model-versions/get-artifact",
      "/ajax-api/2.0/mlflow/upload-artifact",
      "/api/v1/artifacts/**",
      "/api/v1/contents/**",
      "/api/v1/datasets",
      "/api/v1/datasets/**"),
  TRACKING(
      "tracking-service",
      "/api/*/mlflow/**",
      "/ajax-api/*/mlflow/**",
      "/ajax-api/3.0/jobs",
      "/ajax-api/3.0/jobs/**",
      "/graphql",
      "/v1/traces",
      "/health",
      "/version",
      "/api/v1/pipelines",
      "/api/v1/pipelines/**",
      "/api/v1/train-requests",
      "/api/v1/train-requests/**",
      "/api/v1/flows",
      "/api/v1/flows/**",
      "/api/v1/events",
      "/api/v1/runs",
      "/api/v1/runs/**",
      "/api/v1/models",
      "/api/v1/models/**",
      "/api/v1/lineage/**",
      "/api/v1/retention",
      "/api/v1/dead-letters",
      "/api/v1/dead-letters/**",
      "/api/v1/webhooks",
      "/api/v1/webhooks/**"),
  EVALUATION("evaluation-worker", "/api/v1/evaluations/**"),
  DEPLOYMENT(
      "deployment-service",
      "/api/v1/deployments",
      "/api/v1/deployments/**",
      "/api/v1/approvals",
      "/api/v1/approvals/**",
      "/api/v1/promotions",
      "/api/v1/promotions/**"),
  INFERENCE("inference-service", "/v2", "/v2/**", "/invocations", "/ping", "/api/v1/endpoints"),
  MONITORING("monitoring-service", "/api/v1/monitoring", "/api/v1/monitoring/**"),
  TRAINING("training-worker");

  private final String serviceName;
  private final List<String> paths;

  Upstream(String serviceName, String... paths) {
    this.serviceName = serviceName;
    this.paths = List.of(paths);
  }

  /** The name people know it by, for example `tracking-service`. */
  public String serviceName() {
    return serviceName;
  }

  /** Path patterns routed to it; none for a worker that is only watched. */
  public List<String> paths() {
    return paths;
  }
}
