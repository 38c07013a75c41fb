package io.millrace.deployment.promotions;

import java.util.Locale;

/** Why a version does not go into an environment; {@link #code()} is what events carry. */
enum RejectionReason {
  GATES_FAILED,
  APPROVAL_REFUSED,
  DEPLOYMENT_FAILED,
  /** The environment wants another version by now: a newer one, or the one gone back to. */
  SUPERSEDED,
  /** It is in the registry no more. */
  VERSION_DELETED;

  String code() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
