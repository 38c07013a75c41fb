/** The prediction log: every answered call becomes events, kept on disk while Kafka is away. */
@NullMarked
package io.millrace.inference.predictions;

import org.jspecify.annotations.NullMarked;
