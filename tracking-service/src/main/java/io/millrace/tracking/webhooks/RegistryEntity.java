package io.millrace.tracking.webhooks;

import java.util.List;
import java.util.Locale;

/** What MLflow's webhooks tell of, in the order of MLflow's numbers, each with its actions. */
enum RegistryEntity {
  REGISTERED_MODEL(RegistryAction.CREATED),
  MODEL_VERSION(RegistryAction.CREATED),
  MODEL_VERSION_TAG(RegistryAction.SET, RegistryAction.DELETED),
  MODEL_VERSION_ALIAS(RegistryAction.CREATED, RegistryAction.DELETED),
  PROMPT(RegistryAction.CREATED),
  PROMPT_VERSION(RegistryAction.CREATED),
  PROMPT_TAG(RegistryAction.SET, RegistryAction.DELETED),
  PROMPT_VERSION_TAG(RegistryAction.SET, RegistryAction.DELETED),
  PROMPT_ALIAS(RegistryAction.CREATED, RegistryAction.DELETED),
  BUDGET_POLICY(RegistryAction.EXCEEDED);

  private final List<RegistryAction> actions;

  RegistryEntity(RegistryAction... actions) {
    this.actions = List.of(actions);
  }

  /** What may be heard about it. */
  List<RegistryAction> actions() {
    return actions;
  }

  /** As payloads and messages name it. */
  String lower() {
    return name().toLowerCase(Locale.ROOT);
  }
}
