/** Dataset versions: counted from 1, never changed, one for each content. */
@NullMarked
package io.millrace.artifact.datasets;

import org.jspecify.annotations.NullMarked;
