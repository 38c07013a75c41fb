package io.millrace.deployment.environments;

/** Why an environment wants the version it wants. */
public enum Cause {
  /** The pipeline promotes without asking. */
  POLICY,
  /** People approved it. */
  APPROVAL,
  /** A person put it there. */
  MANUAL,
  /** Back to an earlier version, by a person or after a failure. */
  ROLLBACK
}
