/** Tests of the database access against a real PostgreSQL. */
@NullMarked
package io.millrace.database;

import org.jspecify.annotations.NullMarked;
