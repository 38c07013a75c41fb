package io.millrace.evaluation.evaluations;

import io.millrace.database.Database;
import io.millrace.problems.ApiProblem;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;

/** Answers what came of a version's evaluation. */
@RestController
class EvaluationController {
  private final Database database;
  private final Evaluations evaluations;

  EvaluationController(Database database, Evaluations evaluations) {
    this.database = database;
    this.evaluations = evaluations;
  }

  @GetMapping("/api/v1/evaluations/{model}/{version}")
  Evaluation evaluation(@PathVariable String model, @PathVariable int version) {
    return database
        .read(tx -> evaluations.find(tx, model, version))
        .orElseThrow(
            () ->
                new ApiProblem(
                    404,
                    "not-evaluated",
                    "%s version %d has not been evaluated (yet); GET /api/v1/models lists the versions."
                        .formatted(model, version)));
  }
}
