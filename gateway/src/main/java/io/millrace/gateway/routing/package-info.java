/** Which path goes to which service, and what a caller hears when that service is away. */
@NullMarked
package io.millrace.gateway.routing;

import org.jspecify.annotations.NullMarked;
