package io.millrace.artifact.datasets;

import io.millrace.artifact.storage.StoredObject;

/**
 * A table that has arrived and is stored, though no version refers to it yet.
 *
 * @param object the bytes
 * @param table columns and rows found in them
 */
record Upload(StoredObject object, ContentTable table) {}
