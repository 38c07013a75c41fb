/** The network buffers in which bodies come. */
@NullMarked
package io.millrace.buffers;

import org.jspecify.annotations.NullMarked;
