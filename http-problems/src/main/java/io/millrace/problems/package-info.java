/** Errors of /api/v1 as RFC 9457 problems with stable codes. */
@NullMarked
package io.millrace.problems;

import org.jspecify.annotations.NullMarked;
