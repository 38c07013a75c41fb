/** The book-keeper: experiments, runs, models, requests and the history of every flow. */
@NullMarked
package io.millrace.tracking;

import org.jspecify.annotations.NullMarked;
