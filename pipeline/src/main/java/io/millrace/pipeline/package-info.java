/** The pipeline file: the one configuration a user writes, its keys, defaults and errors. */
@NullMarked
package io.millrace.pipeline;

import org.jspecify.annotations.NullMarked;
