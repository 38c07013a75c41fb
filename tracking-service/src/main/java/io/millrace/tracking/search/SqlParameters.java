package io.millrace.tracking.search;

import java.util.ArrayList;
import java.util.List;

/** Collects the parameters of a statement while its text is written. */
public final class SqlParameters {

  private final List<Object> values = new ArrayList<>();

  /** Takes a value and returns how the statement names it: `$1`, `$2`, ... */
  public String add(Object value) {
    values.add(value);
    return "$" + values.size();
  }

  /** The values, in the order of their numbers. */
  public Object[] toArray() {
    return values.toArray();
  }
}
