package io.millrace.training.process;

import org.jspecify.annotations.Nullable;

/**
 * How a trainer's process ended.
 *
 * @param code its exit code; 128 and more is a signal
 * @param stop why the worker stopped it; null: it ended by itself
 */
public record Exit(int code, @Nullable Stop stop) {}
