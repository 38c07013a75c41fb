package io.millrace.schemas;

import org.apache.avro.Schema;

/**
 * One version of one event's schema, as it was when it got its id.
 *
 * @param id number that stands before each record on the wire; from 1, never changed or reused
 * @param subject where it belongs, see {@link Topic#subject}
 * @param version version within the subject, from 1
 * @param record full name of the Avro record, for example {@code io.millrace.events.RunStarted}
 * @param schema the schema, with its documentation, free of properties only Java code knows
 */
public record RegisteredSchema(int id, String subject, int version, String record, Schema schema) {

  /** The schema as compact JSON. */
  public String json() {
    return schema.toString();
  }
}
