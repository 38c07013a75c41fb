/** The schemas as a read-only registry that Confluent clients understand. */
@NullMarked
package io.millrace.gateway.registry;

import org.jspecify.annotations.NullMarked;
