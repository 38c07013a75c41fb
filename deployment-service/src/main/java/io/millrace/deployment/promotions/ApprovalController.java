package io.millrace.deployment.promotions;

import io.millrace.database.Database;
import io.millrace.deployment.paging.PageToken;
import io.millrace.deployment.refusals.Refusal;
import io.millrace.problems.ApiProblem;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Where people see what waits for them, and answer. */
@RestController
class ApprovalController {
  private final Database database;
  private final Approvals approvals;
  private final Rollout rollout;

  ApprovalController(Database database, Approvals approvals, Rollout rollout) {
    this.database = database;
    this.approvals = approvals;
    this.rollout = rollout;
  }

  record Answer(@Nullable String by, @Nullable String comment) {}

  record Page(List<Item> items, @Nullable String nextPageToken) {}

  record Item(
      UUID approvalId,
      String requestId,
      String modelName,
      int version,
      String environment,
      int approvers,
      List<Approval.Decision> decisions,
      ApprovalStatus status,
      String requestedBy,
      Instant openedAt,
      @Nullable Instant closedAt) {
    static Item of(Approval approval) {
      return new Item(
          approval.id(),
          approval.requestId(),
          approval.modelName(),
          approval.version(),
          approval.environment(),
          approval.approvers(),
          approval.decisions(),
          approval.status(),
          approval.requestedBy(),
          approval.openedAt(),
          approval.closedAt());
    }
  }

  @GetMapping("/api/v1/approvals")
  Page approvals(
      @RequestParam(required = false) @Nullable String status,
      @RequestParam(defaultValue = "100") int limit,
      @RequestParam(required = false) @Nullable String pageToken) {
    int size = PageToken.limit(limit);
    ApprovalStatus wanted = status == null || status.isEmpty() ? null : status(status);
    List<String> after = PageToken.decode(pageToken, 1);
    UUID below = after.isEmpty() ? null : id(after.getFirst());
    List<Approval> found = database.read(tx -> approvals.page(tx, wanted, below, size));
    return new Page(
        found.stream().map(Item::of).toList(),
        found.size() < size ? null : PageToken.encode(found.getLast().id().toString()));
  }

  @GetMapping("/api/v1/approvals/{id}")
  Item approval(@PathVariable String id) {
    UUID wanted = id(id);
    return Item.of(database.read(tx -> approvals.find(tx, wanted)).orElseThrow(() -> unknown(id)));
  }

  @PostMapping("/api/v1/approvals/{id}/approve")
  Item approve(@PathVariable String id, @RequestBody Answer answer) {
    return decide(id, answer, true);
  }

  @PostMapping("/api/v1/approvals/{id}/reject")
  Item reject(@PathVariable String id, @RequestBody Answer answer) {
    return decide(id, answer, false);
  }

  private Item decide(String id, Answer answer, boolean approve) {
    UUID approval = id(id);
    Person person = Person.of(answer.by());
    return Item.of(
        database.inTransaction(
            tx -> rollout.decide(tx, approval, person, approve, answer.comment())));
  }

  private static UUID id(String text) {
    try {
      return UUID.fromString(text);
    } catch (IllegalArgumentException e) {
      throw unknown(text);
    }
  }

  private static ApiProblem unknown(String id) {
    return Refusal.missing(
        "unknown-approval",
        "There is no approval '%s'; GET /api/v1/approvals lists them.".formatted(id));
  }

  private static ApprovalStatus status(String text) {
    try {
      return ApprovalStatus.valueOf(text.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw Refusal.invalid(
          "bad-status",
          "status is '%s'; give one of %s.".formatted(text, List.of(ApprovalStatus.values())));
    }
  }
}
