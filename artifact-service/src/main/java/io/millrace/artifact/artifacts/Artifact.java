package io.millrace.artifact.artifacts;

import io.millrace.artifact.storage.StoredObject;
import java.time.Instant;

/**
 * A file of a run.
 *
 * @param path where it is
 * @param object its bytes
 * @param mediaType guessed from the name when it was stored
 * @param storedAt when the path came to have these bytes
 */
record Artifact(ArtifactPath path, StoredObject object, String mediaType, Instant storedAt) {}
