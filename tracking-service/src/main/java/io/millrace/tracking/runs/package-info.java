/** Runs with their parameters, tags and newest metrics. */
@NullMarked
package io.millrace.tracking.runs;

import org.jspecify.annotations.NullMarked;
