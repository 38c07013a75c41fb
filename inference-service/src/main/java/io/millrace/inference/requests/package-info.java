/** What every protocol shares: reading a bounded body, scoring on the right thread, refusing. */
@NullMarked
package io.millrace.inference.requests;

import org.jspecify.annotations.NullMarked;
