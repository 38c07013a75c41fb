package io.millrace.tracking.paging;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.millrace.problems.ApiProblem;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A page of a list.
 *
 * @param items its rows
 * @param nextPageToken where the next page begins; absent on the last one
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Page<T>(List<T> items, @Nullable String nextPageToken) {

  private static final int MOST = 1000;

  /**
   * A page out of one row more than it holds.
   *
   * @param rows at most {@code limit + 1} rows
   * @param key the parts of a row's key
   */
  public static <T> Page<T> of(List<T> rows, int limit, Function<T, Object[]> key) {
    if (rows.size() <= limit) {
      return new Page<>(rows, null);
    }
    List<T> items = rows.subList(0, limit);
    return new Page<>(items, PageToken.after(key.apply(items.getLast())));
  }

  /** The same page with its rows in another form. */
  public <R> Page<R> map(Function<T, R> form) {
    return new Page<>(items.stream().map(form).toList(), nextPageToken);
  }

  /** Checks a limit that a client gave. */
  public static int limit(int limit) {
    if (limit < 1 || limit > MOST) {
      throw new ApiProblem(
          400, "invalid-limit", "limit is %d; use 1 to %d.".formatted(limit, MOST));
    }
    return limit;
  }
}
