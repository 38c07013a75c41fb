package io.millrace.tracking.registry;

/** What can happen to a registered model. */
enum Transition {
  MODEL_CREATED,
  MODEL_DESCRIBED,
  MODEL_RENAMED,
  MODEL_DELETED,
  MODEL_TAG_SET,
  MODEL_TAG_DELETED,
  VERSION_CREATED,
  VERSION_DESCRIBED,
  VERSION_DELETED,
  VERSION_TAG_SET,
  VERSION_TAG_DELETED,
  STAGE_CHANGED,
  ALIAS_SET,
  ALIAS_DELETED,
  /** An environment is to serve a version. */
  PROMOTED,
  /** A replica of the environment serves it. */
  DEPLOYED
}
