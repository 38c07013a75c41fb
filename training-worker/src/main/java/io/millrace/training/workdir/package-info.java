/** The folders a worker uses on disk, and what dead workers left in them. */
@NullMarked
package io.millrace.training.workdir;

import org.jspecify.annotations.NullMarked;
