/** Registered models, their versions, and which version each environment serves. */
@NullMarked
package io.millrace.tracking.registry;

import org.jspecify.annotations.NullMarked;
