/** What was made of what: data, code, runs, models and the environments that serve them. */
@NullMarked
package io.millrace.tracking.lineage;

import org.jspecify.annotations.NullMarked;
