package io.millrace.deployment.promotions;

import io.millrace.deployment.environments.Change;

/** What a decision asks for besides its new state. */
sealed interface Step {
  /** The environment is to want the version. */
  record Promote(String environment, Change change) implements Step {}

  /** People are to be asked. */
  record AskApproval(Stage stage) implements Step {}

  /** The version goes no further, and everybody is told. */
  record Reject(String environment, RejectionReason reason, String message, String by)
      implements Step {}

  /** The version is where it was to go, or already on its way there; there is nothing to tell. */
  record Nothing() implements Step {}
}
