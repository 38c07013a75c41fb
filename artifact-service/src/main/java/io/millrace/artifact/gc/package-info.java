/** What nothing needs any more, as operators see it. */
@NullMarked
package io.millrace.artifact.gc;

import org.jspecify.annotations.NullMarked;
