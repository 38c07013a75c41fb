/** Who changes what is stored, and why. */
@NullMarked
package io.millrace.artifact.changes;

import org.jspecify.annotations.NullMarked;
