package io.millrace.training.jobs;

import io.millrace.training.process.Exit;
import io.millrace.training.process.Stop;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Turns the end of a trainer into an outcome. The exit codes and {@code result.json} are the
 * contract of trainers; what a process cannot say about itself, such as being killed, is told from
 * its exit code and its log.
 *
 * @param timeout limit on time, for messages
 * @param memoryBytes limit on memory, for messages
 */
record Verdict(Duration timeout, long memoryBytes) {

  private static final int KILLED = 128 + 9;
  private static final int FENCED = 6;

  Outcome on(Exit exit, Path output, LogTail log) {
    Stop stop = exit.stop();
    if (stop != null) {
      return onStop(stop);
    }
    Optional<TrainerReport> report = TrainerReport.read(output);
    if (exit.code() == 0) {
      return onSuccess(report, output);
    }
    String message = report.map(TrainerReport::message).filter(text -> !text.isBlank()).orElse("");
    String reason = report.map(TrainerReport::reason).orElse("");
    return switch (exit.code()) {
      case 2 -> failed("invalid-parameters", message, exit, log);
      case 3 -> failed("data-checks-failed", message, exit, log);
      case 4 -> failed("parity-failed", message, exit, log);
      case 5 -> outOfMemory(message);
      case FENCED -> new Outcome.GivenUp(message);
      case KILLED ->
          outOfMemory(
              "the trainer was killed by signal 9 from outside, which is what the system does when memory runs out");
      default ->
          reason.equals("out-of-memory") || log.has("java.lang.OutOfMemoryError")
              ? outOfMemory(message)
              : failed("crashed", message, exit, log);
    };
  }

  private Outcome onStop(Stop stop) {
    return switch (stop) {
      case CANCELLED -> new Outcome.Failed("cancelled", "the run was cancelled");
      case TIMED_OUT ->
          new Outcome.Failed(
              "timed-out",
              "the trainer was stopped after %d s; give it more with train.resources.timeout"
                  .formatted(timeout.toSeconds()));
      case OUT_OF_MEMORY -> outOfMemory("the process grew past its limit and was stopped");
      case FENCED -> new Outcome.GivenUp("another worker has the run");
      case RELEASED -> new Outcome.GivenUp(null);
    };
  }

  private static Outcome onSuccess(Optional<TrainerReport> report, Path output) {
    if (report.isEmpty() || !report.get().succeeded()) {
      return new Outcome.Failed(
          "crashed",
          "the trainer ended with exit code 0 but without a %s that says so"
              .formatted(TrainerReport.FILE));
    }
    if (!Files.isRegularFile(output.resolve(ModelUpload.MANIFEST))) {
      return new Outcome.Failed(
          "crashed",
          "the trainer ended with exit code 0 but left no %s".formatted(ModelUpload.MANIFEST));
    }
    return new Outcome.Trained(report.get().metrics(), report.get().parityMaxAbsDiff());
  }

  private Outcome outOfMemory(String detail) {
    String given = detail.isBlank() ? "the trainer ran out of memory" : detail;
    return new Outcome.Failed(
        "out-of-memory",
        given.contains("train.resources.memory")
            ? given
            : "%s; it had %d MB, give it more with train.resources.memory"
                .formatted(given, memoryBytes >> 20));
  }

  private static Outcome failed(String reason, String message, Exit exit, LogTail log) {
    return new Outcome.Failed(
        reason,
        message.isEmpty()
            ? "the trainer ended with exit code %d; its last words: %s"
                .formatted(exit.code(), log.lastWords())
            : message);
  }
}
