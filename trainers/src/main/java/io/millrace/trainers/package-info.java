/**
 * The built-in trainers: one program, started once per run, that turns a job and a CSV file into a
 * model package.
 */
@NullMarked
package io.millrace.trainers;

import org.jspecify.annotations.NullMarked;
