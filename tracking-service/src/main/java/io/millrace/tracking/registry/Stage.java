package io.millrace.tracking.registry;

import io.millrace.tracking.mlflow.MlflowException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** The stages of a model version, which old clients use where newer ones have aliases. */
enum Stage {
  NONE("None"),
  STAGING("Staging"),
  PRODUCTION("Production"),
  ARCHIVED("Archived");

  private final String text;

  Stage(String text) {
    this.text = text;
  }

  /** As MLflow writes it. */
  String text() {
    return text;
  }

  /** Whether versions are put there to be used. */
  boolean active() {
    return this == STAGING || this == PRODUCTION;
  }

  /** A stage by its name in any case. */
  static Stage of(String given) {
    return Arrays.stream(values())
        .filter(stage -> stage.text.equalsIgnoreCase(given))
        .findFirst()
        .orElseThrow(
            () ->
                MlflowException.invalid(
                    "Invalid Model Version stage: %s. Value must be one of %s."
                        .formatted(given, String.join(", ", texts(List.of(values()))))));
  }

  static List<String> texts(List<Stage> stages) {
    return stages.stream().map(Stage::text).collect(Collectors.toList());
  }
}
