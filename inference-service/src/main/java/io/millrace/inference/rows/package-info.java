/** Rows: as clients send them, as a model takes them and as they are logged. */
@NullMarked
package io.millrace.inference.rows;

import org.jspecify.annotations.NullMarked;
