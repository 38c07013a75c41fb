/** One job from the queue to its outcome. */
@NullMarked
package io.millrace.training.jobs;

import org.jspecify.annotations.NullMarked;
