package io.millrace.tracking.webhooks;

/** Whether a webhook is told of events; in the order of MLflow's numbers. */
enum WebhookStatus {
  ACTIVE,
  DISABLED
}
