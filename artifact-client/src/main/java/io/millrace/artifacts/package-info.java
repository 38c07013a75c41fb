/**
 * The client of artifact-service: downloads, a cache on disk, uploads, and the dataset catalogue.
 */
@NullMarked
package io.millrace.artifacts;

import org.jspecify.annotations.NullMarked;
