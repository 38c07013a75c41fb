/** The models a replica serves: wanted, fetched, verified, warmed, swapped. */
@NullMarked
package io.millrace.inference.models;

import org.jspecify.annotations.NullMarked;
