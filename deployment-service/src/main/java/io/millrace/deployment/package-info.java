/** Decides which model version each environment is to serve, and keeps the record of it. */
@NullMarked
package io.millrace.deployment;

import org.jspecify.annotations.NullMarked;
