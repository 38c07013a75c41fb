/** Transactions on PostgreSQL as plain blocking calls for virtual threads, over R2DBC. */
@NullMarked
package io.millrace.database;

import org.jspecify.annotations.NullMarked;
