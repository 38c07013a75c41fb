/** Webhooks: who wants to be told of what, the queue of what is to be told, and its delivery. */
@NullMarked
package io.millrace.tracking.webhooks;

import org.jspecify.annotations.NullMarked;
