/** Training requests: checked, answered once, and turned into runs. */
@NullMarked
package io.millrace.tracking.intake;

import org.jspecify.annotations.NullMarked;
