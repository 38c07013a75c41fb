/** Refusals and how HTTP clients see them: problem details with a stable code. */
@NullMarked
package io.millrace.deployment.problems;

import org.jspecify.annotations.NullMarked;
