/** Tests of the error answers over HTTP. */
@NullMarked
package io.millrace.problems;

import org.jspecify.annotations.NullMarked;
