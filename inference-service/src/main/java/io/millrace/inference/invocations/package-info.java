/** MLflow's scoring server protocol: `/invocations` and `/ping`. */
@NullMarked
package io.millrace.inference.invocations;

import org.jspecify.annotations.NullMarked;
