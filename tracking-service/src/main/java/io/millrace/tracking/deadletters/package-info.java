/** Records that no handler could process: told to those they concern, listed and replayed. */
@NullMarked
package io.millrace.tracking.deadletters;

import org.jspecify.annotations.NullMarked;
