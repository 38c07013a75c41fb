package io.millrace.tracking.webhooks;

import java.util.Locale;

/** An entity with one of its actions; its name is for example {@code model_version.created}. */
record RegistryTopic(RegistryEntity entity, RegistryAction action) {

  /** The topic of that name. */
  static RegistryTopic named(String name) {
    String[] parts = name.toUpperCase(Locale.ROOT).split("\\.", 2);
    return new RegistryTopic(RegistryEntity.valueOf(parts[0]), RegistryAction.valueOf(parts[1]));
  }

  /** Whether MLflow has such a pair. */
  boolean exists() {
    return entity.actions().contains(action);
  }

  String name() {
    return entity.lower() + "." + action.lower();
  }
}
