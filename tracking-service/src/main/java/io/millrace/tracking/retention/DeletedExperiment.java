package io.millrace.tracking.retention;

import java.time.Instant;

/** An experiment that somebody deleted and that holds nothing any more. */
record DeletedExperiment(String experimentId, String name, Instant deletedAt) {}
