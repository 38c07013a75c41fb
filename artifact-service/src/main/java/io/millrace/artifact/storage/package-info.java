/** Objects in S3: written in bounded memory, read with their digest checked, never left behind. */
@NullMarked
package io.millrace.artifact.storage;

import org.jspecify.annotations.NullMarked;
