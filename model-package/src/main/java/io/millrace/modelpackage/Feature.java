package io.millrace.modelpackage;

import io.millrace.datasets.Column;
import io.millrace.datasets.ColumnKind;
import java.util.List;

/**
 * One input column of a model.
 *
 * @param name the column
 * @param kind what its values are, never {@link ColumnKind#TEXT}
 * @param categories the values in code order for {@link ColumnKind#CATEGORICAL} and {@link
 *     ColumnKind#BOOLEAN}: the model gets the position, starting at 0; ascending by Unicode code
 *     unit. Empty for numbers.
 */
public record Feature(String name, ColumnKind kind, List<String> categories) {

  public Feature {
    categories = kind.isNumber() ? List.of() : List.copyOf(categories);
    for (int i = 1; i < categories.size(); i++) {
      if (categories.get(i - 1).compareTo(categories.get(i)) >= 0) {
        throw new IllegalArgumentException(
            "feature '"
                + name
                + "': categories must ascend and differ, see '"
                + categories.get(i)
                + "'");
      }
    }
  }

  /** The feature a dataset's column becomes. */
  public static Feature of(Column column) {
    return new Feature(column.name(), column.kind(), column.categories());
  }
}
