/** Events between services: outbox, inbox, codec, handlers, work queues and dead letters. */
@NullMarked
package io.millrace.messaging;

import org.jspecify.annotations.NullMarked;
