/** Does queued runs, each by a trainer in a process of its own. */
@NullMarked
package io.millrace.training;

import org.jspecify.annotations.NullMarked;
