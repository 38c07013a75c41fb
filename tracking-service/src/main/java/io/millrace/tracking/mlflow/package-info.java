/** The form of MLflow's REST calls, whatever they are about: messages, validation, errors. */
@NullMarked
package io.millrace.tracking.mlflow;

import org.jspecify.annotations.NullMarked;
