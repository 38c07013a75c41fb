/** Who changes something over HTTP, and why. */
@NullMarked
package io.millrace.changes;

import org.jspecify.annotations.NullMarked;
