/** Measurements of the whole: each with the baseline it is compared with, taken in the same run. */
@NullMarked
package io.millrace.benchmarks;

import org.jspecify.annotations.NullMarked;
