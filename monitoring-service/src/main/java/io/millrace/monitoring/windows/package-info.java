/** Windows of counts over what is served, their comparison with the reference and what follows. */
@NullMarked
package io.millrace.monitoring.windows;

import org.jspecify.annotations.NullMarked;
