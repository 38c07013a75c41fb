package io.millrace.tracking.mlflow;

import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PostMapping;

/** Calls of version 2.0 that are part of MLflow and not of this server. */
@MlflowApi
class NotImplementedV2Endpoints {
  @GetMapping({
    "/traces/{request_id}/info",
    "/traces",
    "/unified-traces",
    "/get-online-trace-details"
  })
  void read(ServerHttpRequest request) {
    throw MlflowException.notImplemented(request);
  }

  @PostMapping({"/traces", "/traces/link-to-run", "/traces/link-prompts", "/traces/delete-traces"})
  void create(ServerHttpRequest request) {
    throw MlflowException.notImplemented(request);
  }

  @PatchMapping({"/traces/{request_id}/tags", "/traces/{request_id}"})
  void update(ServerHttpRequest request) {
    throw MlflowException.notImplemented(request);
  }

  @DeleteMapping({"/traces/{request_id}/tags"})
  void delete(ServerHttpRequest request) {
    throw MlflowException.notImplemented(request);
  }
}
