package io.millrace.deployment.promotions;

import io.millrace.database.Database;
import io.millrace.deployment.environments.Deployment;
import io.millrace.deployment.environments.DeploymentStatus;
import io.millrace.deployment.refusals.Refusal;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RestController;

/** Where people promote and roll back by hand. */
@RestController
class PromotionController {
  private static final String IDEMPOTENCY_KEY = "Idempotency-Key";

  private final Database database;
  private final Commands commands;
  private final Rollout rollout;

  PromotionController(Database database, Commands commands, Rollout rollout) {
    this.database = database;
    this.commands = commands;
    this.rollout = rollout;
  }

  record Rollback(@Nullable String by, @Nullable String comment, @Nullable Integer toVersion) {}

  record Manual(
      @Nullable String modelName,
      @Nullable Integer version,
      @Nullable String environment,
      @Nullable String by,
      @Nullable String comment) {}

  /** What the environment wants after the command. */
  record Wanted(
      String environment,
      String modelName,
      int version,
      long revision,
      DeploymentStatus status,
      String cause,
      List<String> by,
      Instant decidedAt) {
    static Wanted of(Deployment d) {
      return new Wanted(
          d.environment(),
          d.modelName(),
          d.version(),
          d.revision(),
          d.status(),
          d.change().cause().name(),
          d.change().by(),
          d.decidedAt());
    }
  }

  /** People are asked before the environment changes. */
  record Waiting(
      String environment, String modelName, int version, String status, UUID approvalId) {}

  @PostMapping("/api/v1/deployments/{environment}/{model}/rollback")
  ResponseEntity<String> rollBack(
      @PathVariable String environment,
      @PathVariable String model,
      @RequestHeader(name = IDEMPOTENCY_KEY, required = false) @Nullable String key,
      @RequestBody Rollback rollback) {
    Person person = Person.of(rollback.by());
    return database.inTransaction(
        tx ->
            commands.once(
                tx,
                key,
                List.of("rollback", environment, model, rollback),
                () ->
                    new Commands.Answer(
                        HttpStatus.OK,
                        Wanted.of(
                            rollout.rollBack(
                                tx,
                                environment,
                                model,
                                person,
                                rollback.comment(),
                                rollback.toVersion())))));
  }

  @PostMapping("/api/v1/promotions")
  ResponseEntity<String> promote(
      @RequestHeader(name = IDEMPOTENCY_KEY, required = false) @Nullable String key,
      @RequestBody Manual manual) {
    Person person = Person.of(manual.by());
    String model = given("modelName", manual.modelName());
    String environment = given("environment", manual.environment());
    Integer version = given("version", manual.version());
    return database.inTransaction(
        tx ->
            commands.once(
                tx,
                key,
                List.of("promote", manual),
                () ->
                    switch (rollout.promote(
                        tx, model, version, environment, person, manual.comment())) {
                      case Rollout.Answer.Wanted(Deployment deployment) ->
                          new Commands.Answer(HttpStatus.OK, Wanted.of(deployment));
                      case Rollout.Answer.Waiting(Approval approval) ->
                          new Commands.Answer(
                              HttpStatus.ACCEPTED,
                              new Waiting(
                                  environment,
                                  model,
                                  version,
                                  PromotionStatus.AWAITING_APPROVAL.name(),
                                  approval.id()));
                    }));
  }

  private static <T> T given(String field, @Nullable T value) {
    if (value == null || value.toString().isBlank()) {
      throw Refusal.invalid(
          "missing-field",
          "\"%s\" is missing; give modelName, version, environment and by.".formatted(field));
    }
    return value;
  }
}
