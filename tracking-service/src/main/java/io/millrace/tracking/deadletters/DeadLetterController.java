package io.millrace.tracking.deadletters;

import io.millrace.messaging.DeadLetter;
import io.millrace.messaging.DeadLetterDetail;
import io.millrace.messaging.DeadLetters;
import io.millrace.messaging.PublishedAt;
import io.millrace.messaging.TerminalFailure;
import io.millrace.problems.ApiProblem;
import io.millrace.tracking.paging.Page;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Records that no handler could process: list, look into, publish again. */
@RestController
@RequestMapping("/api/v1/dead-letters")
class DeadLetterController {

  private final DeadLetters letters;

  DeadLetterController(DeadLetters letters) {
    this.letters = letters;
  }

  @GetMapping
  Page<DeadLetter> list(
      @RequestParam(required = false) @Nullable String topic,
      @RequestParam(defaultValue = "100") int limit) {
    return new Page<>(letters.list(topic, Page.limit(limit)), null);
  }

  @GetMapping("/{topic}/{partition}/{offset}")
  DeadLetterDetail show(
      @PathVariable String topic, @PathVariable int partition, @PathVariable long offset) {
    return letters
        .show(topic, partition, offset)
        .orElseThrow(
            () ->
                new ApiProblem(
                    404,
                    "dead-letter-not-found",
                    "There is no dead letter %s/%d/%d.".formatted(topic, partition, offset)));
  }

  @PostMapping("/{topic}/{partition}/{offset}/replay")
  PublishedAt replay(
      @PathVariable String topic, @PathVariable int partition, @PathVariable long offset) {
    try {
      return letters.replay(topic, partition, offset);
    } catch (TerminalFailure refused) {
      throw new ApiProblem(
          switch (refused.code()) {
            case "dead-letter-not-found" -> 404;
            case "already-replayed" -> 409;
            default -> 422;
          },
          refused.code(),
          String.valueOf(refused.getMessage()));
    }
  }
}
