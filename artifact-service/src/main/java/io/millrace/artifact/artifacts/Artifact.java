package io.millrace.artifact.artifacts;

import io.millrace.artifact.storage.StoredObject;

/**
 * A file of a run.
 *
 * @param path where it is
 * @param object its bytes
 * @param mediaType guessed from the name when it was stored
 */
record Artifact(ArtifactPath path, StoredObject object, String mediaType) {}
