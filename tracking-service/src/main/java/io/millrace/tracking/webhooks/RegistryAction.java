package io.millrace.tracking.webhooks;

import java.util.Locale;

/** What happened in the registry, in the order of MLflow's numbers. */
enum RegistryAction {
  CREATED,
  UPDATED,
  DELETED,
  SET,
  EXCEEDED;

  /** As payloads and messages name it. */
  String lower() {
    return name().toLowerCase(Locale.ROOT);
  }
}
