/** Commands that are not carried out, as HTTP clients see them. */
@NullMarked
package io.millrace.deployment.refusals;

import org.jspecify.annotations.NullMarked;
