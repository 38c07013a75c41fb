package io.millrace.tracking.retention;

import io.millrace.problems.ApiProblem;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** What retention would remove, and removing it now. */
@RestController
@RequestMapping("/api/v1/retention")
class RetentionController {

  /** Of each kind; the numbers beside them are whole. */
  private static final int MOST_SHOWN = 1000;

  private final Retention retention;
  private final RetentionSettings settings;

  RetentionController(Retention retention, RetentionSettings settings) {
    this.retention = retention;
    this.settings = settings;
  }

  record Removal(@Nullable String by, @Nullable String olderThan) {}

  record Answer(
      boolean dryRun,
      String olderThan,
      int runs,
      int keptRuns,
      long metricPoints,
      List<String> experiments,
      List<DeletedRun> removed,
      List<DeletedRun> kept,
      List<DeletedModel> removedModels,
      List<DeletedModel> keptModels) {

    static Answer of(Retention.Report report) {
      return new Answer(
          report.dryRun(),
          report.keep().toString(),
          report.removed().size(),
          report.kept().size(),
          report.metricPoints(),
          report.experiments(),
          report.removed().stream().limit(MOST_SHOWN).toList(),
          report.kept().stream().limit(MOST_SHOWN).toList(),
          report.removedModels().stream().limit(MOST_SHOWN).toList(),
          report.keptModels().stream().limit(MOST_SHOWN).toList());
    }
  }

  /** The dry run. */
  @GetMapping
  Answer look(@RequestParam(required = false) @Nullable String olderThan) {
    return Answer.of(retention.look(keep(olderThan)));
  }

  @PostMapping
  Answer remove(@RequestBody Removal removal) {
    if (removal.by() == null || removal.by().isBlank()) {
      throw new ApiProblem(
          400, "invalid-request", "`by` is missing: say who removes deleted runs for good.");
    }
    return Answer.of(retention.remove(keep(removal.olderThan()), removal.by()));
  }

  private Duration keep(@Nullable String olderThan) {
    if (olderThan == null) {
      return settings.keep();
    }
    try {
      Duration keep = DurationStyle.detectAndParse(olderThan);
      if (!keep.isNegative()) {
        return keep;
      }
    } catch (IllegalArgumentException unreadable) {
      // Said below.
    }
    throw new ApiProblem(
        400,
        "invalid-duration",
        "`olderThan` is `%s`, not a time such as 7d, 12h or PT30M.".formatted(olderThan));
  }
}
