package io.millrace.tracking.mlflow;

import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PatchMapping;
import org.springframework.web.bind.annotation.PostMapping;

/** Calls of version 3.0 that are part of MLflow and not of this server. */
@MlflowApi({MlflowApi.V3, MlflowApi.AJAX_V3})
class NotImplementedV3Endpoints {
  @GetMapping({
    "/traces/{trace_id}",
    "/traces/get",
    "/traces/batchGet",
    "/workspaces",
    "/workspaces/{workspace_name}",
    "/traces/{trace_id}/assessments/{assessment_id}",
    "/issues/{issue_id}",
    "/datasets/{dataset_id}",
    "/datasets/search",
    "/datasets/{dataset_id}/experiment-ids",
    "/scorers/list",
    "/scorers/versions",
    "/scorers/get",
    "/datasets/{dataset_id}/records",
    "/gateway/secrets/get",
    "/gateway/secrets/list",
    "/gateway/endpoints/get",
    "/gateway/endpoints/list",
    "/gateway/model-definitions/get",
    "/gateway/model-definitions/list",
    "/gateway/endpoints/bindings/list",
    "/gateway/budgets/get",
    "/gateway/budgets/list",
    "/gateway/budgets/windows",
    "/gateway/guardrails/get",
    "/gateway/guardrails/list",
    "/gateway/guardrails/list-for-endpoint",
    "/prompt-optimization/jobs/{job_id}",
    "/prompt-optimization/jobs/search"
  })
  void read(ServerHttpRequest request) {
    throw MlflowException.notImplemented(request);
  }

  @PostMapping({
    "/traces/batchGetInfos",
    "/traces/search",
    "/traces",
    "/traces/delete-traces",
    "/traces/calculate-filter-correlation",
    "/traces/metrics",
    "/workspaces",
    "/traces/{trace_id}/assessments",
    "/issues",
    "/issues/search",
    "/datasets/create",
    "/datasets/search",
    "/datasets/{dataset_id}/records",
    "/scorers/register",
    "/datasets/{dataset_id}/add-experiments",
    "/datasets/{dataset_id}/remove-experiments",
    "/gateway/secrets/create",
    "/gateway/secrets/update",
    "/gateway/endpoints/create",
    "/gateway/endpoints/update",
    "/gateway/model-definitions/create",
    "/gateway/model-definitions/update",
    "/gateway/endpoints/models/attach",
    "/gateway/endpoints/models/detach",
    "/gateway/endpoints/bindings/create",
    "/gateway/endpoints/set-tag",
    "/gateway/budgets/create",
    "/gateway/budgets/update",
    "/gateway/guardrails/create",
    "/gateway/guardrails/add-to-endpoint",
    "/prompt-optimization/jobs",
    "/prompt-optimization/jobs/search",
    "/prompt-optimization/jobs/{job_id}/cancel"
  })
  void create(ServerHttpRequest request) {
    throw MlflowException.notImplemented(request);
  }

  @PatchMapping({
    "/traces/{trace_id}/tags",
    "/workspaces/{workspace_name}",
    "/traces/{trace_id}/assessments/{assessment_id}",
    "/issues/{issue_id}",
    "/datasets/{dataset_id}/tags",
    "/gateway/guardrails/update-config"
  })
  void update(ServerHttpRequest request) {
    throw MlflowException.notImplemented(request);
  }

  @DeleteMapping({
    "/traces/{trace_id}/tags",
    "/workspaces/{workspace_name}",
    "/traces/{trace_id}/assessments/{assessment_id}",
    "/datasets/{dataset_id}",
    "/datasets/{dataset_id}/tags/{key}",
    "/scorers/delete",
    "/datasets/{dataset_id}/records",
    "/gateway/secrets/delete",
    "/gateway/endpoints/delete",
    "/gateway/model-definitions/delete",
    "/gateway/endpoints/bindings/delete",
    "/gateway/endpoints/delete-tag",
    "/gateway/budgets/delete",
    "/gateway/guardrails/delete",
    "/gateway/guardrails/remove-from-endpoint",
    "/prompt-optimization/jobs/{job_id}"
  })
  void delete(ServerHttpRequest request) {
    throw MlflowException.notImplemented(request);
  }
}
