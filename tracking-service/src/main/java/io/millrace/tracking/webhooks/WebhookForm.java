package io.millrace.tracking.webhooks;

/** What a webhook's receiver is sent. */
enum WebhookForm {
  /** Every event, as Standard Webhooks has it. */
  STANDARD,
  /** Actions in the registry, as MLflow has it. */
  MLFLOW
}
