package io.millrace.tracking.flows;

import io.millrace.schemas.Topics;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * How far a flow is. Events of different topics arrive in any order, so a status may skip those
 * before it; it never falls back, except where a model goes on to the next environment or people
 * decide anew.
 */
public enum FlowStatus {
  REQUESTED,
  REJECTED,
  QUEUED,
  RUNNING,
  TRAINED,
  EVALUATED,
  FAILED,
  AWAITING_APPROVAL,
  PROMOTED,
  DEPLOYED,
  MODEL_REJECTED;

  private static final Map<String, FlowStatus> BY_EVENT =
      Map.ofEntries(
          Map.entry("TrainRequested", REQUESTED),
          Map.entry("TrainingRejected", REJECTED),
          Map.entry("TrainAccepted", QUEUED),
          Map.entry("RunQueued", QUEUED),
          Map.entry("RunStarted", RUNNING),
          Map.entry("RunRecovered", RUNNING),
          Map.entry("ModelTrained", TRAINED),
          Map.entry("TrainingFailed", FAILED),
          Map.entry("ModelEvaluated", EVALUATED),
          Map.entry("EvaluationFailed", FAILED),
          Map.entry("ApprovalRequested", AWAITING_APPROVAL),
          Map.entry("ModelPromoted", PROMOTED),
          Map.entry("ModelDeployed", DEPLOYED),
          Map.entry("ModelRejected", MODEL_REJECTED));

  private static final Set<FlowStatus> IN_AN_ENVIRONMENT =
      EnumSet.of(AWAITING_APPROVAL, PROMOTED, DEPLOYED, MODEL_REJECTED);

  /** The status an event leads to; empty for one that says nothing about it. */
  public static Optional<FlowStatus> after(String eventType) {
    return Optional.ofNullable(BY_EVENT.get(eventType));
  }

  /**
   * The same for an entry of the history, which may be a record that was put aside: nobody
   * evaluates a model whose job was, unless it is published again.
   *
   * @param topic the event's, or that of the record that was put aside
   */
  static Optional<FlowStatus> after(String eventType, String topic) {
    return eventType.equals(FlowLog.DEAD_LETTERED) && topic.equals(Topics.EVALUATION_JOBS.name())
        ? Optional.of(FAILED)
        : after(eventType);
  }

  /** The events that lead to a status. */
  static List<String> events() {
    return BY_EVENT.keySet().stream().sorted().toList();
  }

  /** The entries of the history that may lead to a status. */
  static List<String> entries() {
    return Stream.concat(events().stream(), Stream.of(FlowLog.DEAD_LETTERED)).toList();
  }

  /** Whether the step is legal. */
  public boolean canMoveTo(FlowStatus next) {
    return switch (this) {
      case REQUESTED -> next != REQUESTED;
      case REJECTED -> false;
      case QUEUED -> next == RUNNING || RUNNING.canMoveTo(next);
      case RUNNING -> next == TRAINED || TRAINED.canMoveTo(next);
      case TRAINED -> next == EVALUATED || next == FAILED || EVALUATED.canMoveTo(next);
      // A person may promote by hand what the gates or the evaluation did not let through.
      case EVALUATED, FAILED -> IN_AN_ENVIRONMENT.contains(next);
      case AWAITING_APPROVAL, PROMOTED, DEPLOYED, MODEL_REJECTED ->
          next != this && IN_AN_ENVIRONMENT.contains(next);
    };
  }

  /** The status after steps in their order; steps that are not legal are passed over. */
  static FlowStatus of(List<FlowStatus> steps) {
    FlowStatus status = REQUESTED;
    for (FlowStatus step : steps) {
      if (status.canMoveTo(step)) {
        status = step;
      }
    }
    return status;
  }
}
