/** The `millrace` command: what a person does at a terminal, over the gateway's public API. */
@NullMarked
package io.millrace.cli;

import org.jspecify.annotations.NullMarked;
