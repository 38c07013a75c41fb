/** How all services are, in one answer. */
@NullMarked
package io.millrace.gateway.status;

import org.jspecify.annotations.NullMarked;
