/** The story of every request, from the events of all topics. */
@NullMarked
package io.millrace.tracking.flows;

import org.jspecify.annotations.NullMarked;
