/** Queued runs and the workers that hold them by lease. */
@NullMarked
package io.millrace.tracking.work;

import org.jspecify.annotations.NullMarked;
