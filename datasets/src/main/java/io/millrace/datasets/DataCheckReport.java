package io.millrace.datasets;

import java.util.List;
import java.util.stream.Collectors;

/**
 * What the data checks found.
 *
 * @param profile the level they ran at, {@code strict}, {@code lenient} or {@code off}
 * @param rows rows of the dataset
 * @param passed whether no check failed
 * @param checks every outcome, failures first, then warnings
 */
public record DataCheckReport(String profile, long rows, boolean passed, List<DataCheck> checks) {

  public DataCheckReport {
    checks = List.copyOf(checks);
  }

  /** The messages of the failed checks in one line. */
  public String failures() {
    return checks.stream()
        .filter(c -> c.status() == DataCheck.Status.FAIL)
        .map(DataCheck::message)
        .collect(Collectors.joining("; "));
  }

  public String toJson() {
    return Json.write(this);
  }

  /**
   * @throws DatasetException {@code BAD_JSON}
   */
  public static DataCheckReport fromJson(String json) {
    return Json.read(json, DataCheckReport.class, "data check report");
  }
}
