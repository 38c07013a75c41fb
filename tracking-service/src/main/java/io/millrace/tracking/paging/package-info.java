/** Pages of lists, by the key of the last row. */
@NullMarked
package io.millrace.tracking.paging;

import org.jspecify.annotations.NullMarked;
