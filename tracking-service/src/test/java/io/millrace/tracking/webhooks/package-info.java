/** Tests of webhooks, with real receivers. */
@NullMarked
package io.millrace.tracking.webhooks;

import org.jspecify.annotations.NullMarked;
