package io.millrace.datasets;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one column of a table looks like as a whole.
 *
 * @param name the column
 * @param kind what its values are
 * @param missing rows without a value
 * @param distinct distinct values, counted up to {@link Schema#MAX_CATEGORIES}; one more means
 *     "more"
 * @param mean of the finite numbers; absent for other columns
 * @param std their standard deviation with divisor count
 * @param min the smallest
 * @param max the largest
 * @param quantiles the 5th, 25th, 50th, 75th and 95th percentile; of a sample where there are many
 *     rows
 * @param values rows per value of the most frequent ones, most frequent first; only where there are
 *     no more than {@link Schema#MAX_CATEGORIES} distinct ones and the column is not a quantity
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record ColumnSummary(
    String name,
    ColumnKind kind,
    long missing,
    int distinct,
    @Nullable Double mean,
    @Nullable Double std,
    @Nullable Double min,
    @Nullable Double max,
    @Nullable List<Double> quantiles,
    @Nullable Map<String, Long> values) {

  public ColumnSummary {
    quantiles = quantiles == null ? null : List.copyOf(quantiles);
    values = values == null ? null : Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }
}
