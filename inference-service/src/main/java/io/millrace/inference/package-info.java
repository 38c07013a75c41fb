/** Serves models: follows desired state, answers predictions, logs them. */
@NullMarked
package io.millrace.inference;

import org.jspecify.annotations.NullMarked;
