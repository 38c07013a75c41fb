/** Searching: the filter and order grammar, what each kind of thing may be asked, and its SQL. */
@NullMarked
package io.millrace.tracking.search;

import org.jspecify.annotations.NullMarked;
