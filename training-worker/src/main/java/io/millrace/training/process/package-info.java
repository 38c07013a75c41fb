/** The trainer as a child process: started, watched, ended with everything it started. */
@NullMarked
package io.millrace.training.process;

import org.jspecify.annotations.NullMarked;
