/** Everything in one process: the embedded infrastructure, the gateway and every service. */
@NullMarked
package io.millrace.standalone;

import org.jspecify.annotations.NullMarked;
