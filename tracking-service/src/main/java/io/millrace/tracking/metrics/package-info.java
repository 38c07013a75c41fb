/** Metric points: storing batches and reading histories. */
@NullMarked
package io.millrace.tracking.metrics;

import org.jspecify.annotations.NullMarked;
