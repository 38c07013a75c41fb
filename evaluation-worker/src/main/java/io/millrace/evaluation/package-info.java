/** Scores model versions on rows they were not trained on, and passes the verdict. */
@NullMarked
package io.millrace.evaluation;

import org.jspecify.annotations.NullMarked;
