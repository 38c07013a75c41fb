/** Every topic and the events on it, in one typed place. */
@NullMarked
package io.millrace.schemas;

import org.jspecify.annotations.NullMarked;
