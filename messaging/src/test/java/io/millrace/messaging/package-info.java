/** Tests of the messaging against a real broker and database. */
@NullMarked
package io.millrace.messaging;

import org.jspecify.annotations.NullMarked;
