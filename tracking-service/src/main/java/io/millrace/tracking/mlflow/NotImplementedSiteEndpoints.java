package io.millrace.tracking.mlflow;

import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PostMapping;

/** Calls outside the two prefixes, or of MLflow's own pages only, that this server has not. */
@MlflowApi("")
class NotImplementedSiteEndpoints {

  @GetMapping({"/ajax-api/2.0/mlflow/gateway-proxy", "/ajax-api/3.0/jobs/{job_id}"})
  void read(ServerHttpRequest request) {
    throw MlflowException.notImplemented(request);
  }

  @PostMapping({
    "/graphql",
    "/v1/traces",
    "/ajax-api/2.0/mlflow/gateway-proxy",
    "/ajax-api/2.0/mlflow/runs/create-promptlab-run",
    "/ajax-api/3.0/jobs",
    "/ajax-api/3.0/jobs/search"
  })
  void create(ServerHttpRequest request) {
    throw MlflowException.notImplemented(request);
  }

  @PatchMapping("/ajax-api/3.0/jobs/cancel/{job_id}")
  void update(ServerHttpRequest request) {
    throw MlflowException.notImplemented(request);
  }
}
