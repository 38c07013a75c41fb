/** One job: score a model version, decide, store, tell. */
@NullMarked
package io.millrace.evaluation.evaluations;

import org.jspecify.annotations.NullMarked;
