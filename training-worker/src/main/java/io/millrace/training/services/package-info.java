/** The calls a worker makes on tracking-service and artifact-service, patient with restarts. */
@NullMarked
package io.millrace.training.services;

import org.jspecify.annotations.NullMarked;
