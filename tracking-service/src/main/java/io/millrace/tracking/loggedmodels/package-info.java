/** Logged models: what clients of MLflow 3 log as a thing of its own beside runs. */
@NullMarked
package io.millrace.tracking.loggedmodels;

import org.jspecify.annotations.NullMarked;
