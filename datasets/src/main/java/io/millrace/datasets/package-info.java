/**
 * Tabular datasets: reading, schema, splits, checks and the reference profile monitoring compares
 * with.
 */
@NullMarked
package io.millrace.datasets;

import org.jspecify.annotations.NullMarked;
