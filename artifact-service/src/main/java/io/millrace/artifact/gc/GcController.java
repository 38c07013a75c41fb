package io.millrace.artifact.gc;

import io.millrace.artifact.storage.GarbageCollection;
import io.millrace.artifact.storage.GarbageCollection.Report;
import io.millrace.artifact.storage.StorageUnavailable;
import io.millrace.problems.ApiProblem;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Says which bytes nothing needs, and on demand removes them; for administrators. */
@RestController
@RequestMapping("/api/v1/artifacts/gc")
final class GcController {

  private final GarbageCollection garbage;

  GcController(GarbageCollection garbage) {
    this.garbage = garbage;
  }

  @GetMapping
  Report look(@RequestParam(defaultValue = "false") boolean unknownObjects) {
    return collect(true, unknownObjects);
  }

  @PostMapping
  Report run(
      @RequestParam(defaultValue = "false") boolean unknownObjects,
      @RequestParam(defaultValue = "false") boolean dryRun) {
    return collect(dryRun, unknownObjects);
  }

  private Report collect(boolean dryRun, boolean unknownObjects) {
    try {
      return garbage.collect(dryRun, unknownObjects);
    } catch (StorageUnavailable e) {
      throw new ApiProblem(503, "storage-unavailable", String.valueOf(e.getMessage()));
    }
  }
}
