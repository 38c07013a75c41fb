/** Pipeline files that were applied, in versions that are never changed. */
@NullMarked
package io.millrace.tracking.pipelines;

import org.jspecify.annotations.NullMarked;
