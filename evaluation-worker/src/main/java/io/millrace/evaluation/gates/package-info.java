/** The gates of a pipeline and what each decides. */
@NullMarked
package io.millrace.evaluation.gates;

import org.jspecify.annotations.NullMarked;
