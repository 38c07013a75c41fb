/** What was deleted long ago is removed for good, by one rule, with a report. */
@NullMarked
package io.millrace.tracking.retention;

import org.jspecify.annotations.NullMarked;
