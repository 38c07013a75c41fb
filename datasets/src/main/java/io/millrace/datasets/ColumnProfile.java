package io.millrace.datasets;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/**
 * The distribution of one column as counts over fixed bins or values. Two profiles over the same
 * bins add up to the profile of all their rows.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
  @JsonSubTypes.Type(value = NumericProfile.class, name = "numeric"),
  @JsonSubTypes.Type(value = CategoricalProfile.class, name = "categorical")
})
public sealed interface ColumnProfile permits NumericProfile, CategoricalProfile {

  /** The column's name. */
  String name();

  /** Observations that were counted into bins or values. */
  long count();

  /** Observations without a value. */
  long missing();

  /**
   * The sum of two profiles over the same bins or values.
   *
   * @throws IllegalArgumentException where they are not over the same ones
   */
  static ColumnProfile merge(ColumnProfile a, ColumnProfile b) {
    return switch (a) {
      case NumericProfile x when b instanceof NumericProfile y -> x.plus(y);
      case CategoricalProfile x when b instanceof CategoricalProfile y -> x.plus(y);
      case NumericProfile x -> throw unlike(x, b);
      case CategoricalProfile x -> throw unlike(x, b);
    };
  }

  private static IllegalArgumentException unlike(ColumnProfile a, ColumnProfile b) {
    return new IllegalArgumentException(
        "a numeric and a categorical profile cannot be added: " + a.name() + ", " + b.name());
  }
}
