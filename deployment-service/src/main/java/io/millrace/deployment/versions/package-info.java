/** The model versions that were evaluated, as far as a deployment needs them. */
@NullMarked
package io.millrace.deployment.versions;

import org.jspecify.annotations.NullMarked;
