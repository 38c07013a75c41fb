/** One door for people and programs. */
@NullMarked
package io.millrace.gateway;

import org.jspecify.annotations.NullMarked;
