/**
 * The metrics of a model's predictions, each defined and computed here and nowhere else. Trainers,
 * evaluation and the gates of pipelines use the same names and the same numbers.
 */
@NullMarked
package io.millrace.modelmetrics;

import org.jspecify.annotations.NullMarked;
