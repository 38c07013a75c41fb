package io.millrace.inference.rows;

import io.millrace.datasets.ColumnKind;
import io.millrace.datasets.Task;
import io.millrace.modelpackage.Feature;
import io.millrace.modelpackage.Signature;
import java.util.List;

/** Columns of every kind. */
public final class Example {

  /** age (number), visits (whole number), ward (category), urgent (true or false). */
  public static final Columns MIXED =
      new Columns(
          new Signature(
              Task.CLASSIFICATION,
              List.of(
                  new Feature("age", ColumnKind.NUMERIC, List.of()),
                  new Feature("visits", ColumnKind.INTEGER, List.of()),
                  new Feature("ward", ColumnKind.CATEGORICAL, List.of("east", "west")),
                  new Feature("urgent", ColumnKind.BOOLEAN, List.of("false", "true"))),
              List.of("no", "yes")));

  /** a and b, both numbers. */
  public static final Columns NUMBERS =
      new Columns(
          new Signature(
              Task.REGRESSION,
              List.of(
                  new Feature("a", ColumnKind.NUMERIC, List.of()),
                  new Feature("b", ColumnKind.NUMERIC, List.of())),
              List.of()));

  private Example() {}
}
