/** The files of runs by path, over the MLflow artifact proxy. */
@NullMarked
package io.millrace.artifact.artifacts;

import org.jspecify.annotations.NullMarked;
