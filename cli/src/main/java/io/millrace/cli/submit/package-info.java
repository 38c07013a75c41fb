/** What a git repository says of the code in it, and its packages. */
@NullMarked
package io.millrace.cli.submit;

import org.jspecify.annotations.NullMarked;
