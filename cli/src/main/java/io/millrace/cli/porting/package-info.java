/**
 * Experiments, runs, models and artifacts carried from one tracking server or directory to another.
 */
@NullMarked
package io.millrace.cli.porting;

import org.jspecify.annotations.NullMarked;
