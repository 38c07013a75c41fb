/** Lists in pages. */
@NullMarked
package io.millrace.deployment.paging;

import org.jspecify.annotations.NullMarked;
