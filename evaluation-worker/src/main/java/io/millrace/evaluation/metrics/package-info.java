/** The metrics, their definitions and the uncertainty of each. */
@NullMarked
package io.millrace.evaluation.metrics;

import org.jspecify.annotations.NullMarked;
