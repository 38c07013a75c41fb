/** The uncertainty of metrics, by the bootstrap. */
@NullMarked
package io.millrace.evaluation.intervals;

import org.jspecify.annotations.NullMarked;
