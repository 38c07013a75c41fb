/** Two-sample tests on counts, pure functions with their sources. */
@NullMarked
package io.millrace.monitoring.statistics;

import org.jspecify.annotations.NullMarked;
