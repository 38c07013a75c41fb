/** Creates that are carried out once however often they are sent. */
@NullMarked
package io.millrace.tracking.idempotency;

import org.jspecify.annotations.NullMarked;
