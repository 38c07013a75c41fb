/** Watches what is served: windows of counts, drift, alerts. */
@NullMarked
package io.millrace.monitoring;

import org.jspecify.annotations.NullMarked;
