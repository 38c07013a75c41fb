/** Open Inference Protocol V2 over REST, without the binary extension. */
@NullMarked
package io.millrace.inference.v2;

import org.jspecify.annotations.NullMarked;
