/** Keeps the bytes of the platform: what runs wrote and what they were trained on. */
@NullMarked
package io.millrace.artifact;

import org.jspecify.annotations.NullMarked;
