/** Verified copies of packages and datasets, kept for the next job as long as there is room. */
@NullMarked
package io.millrace.evaluation.downloads;

import org.jspecify.annotations.NullMarked;
