/** Calls to addresses that clients name: what may be called, and the call itself. */
@NullMarked
package io.millrace.tracking.webhooks.outbound;

import org.jspecify.annotations.NullMarked;
