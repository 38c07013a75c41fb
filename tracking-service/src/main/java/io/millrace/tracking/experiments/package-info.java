/** Experiments, the folders of runs. */
@NullMarked
package io.millrace.tracking.experiments;

import org.jspecify.annotations.NullMarked;
