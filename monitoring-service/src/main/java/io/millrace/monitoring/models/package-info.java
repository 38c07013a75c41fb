/** Which model versions are watched, against which reference profile and by which rules. */
@NullMarked
package io.millrace.monitoring.models;

import org.jspecify.annotations.NullMarked;
