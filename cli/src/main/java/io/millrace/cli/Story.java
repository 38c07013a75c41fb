package io.millrace.cli;

import io.millrace.cli.Terminal.Style;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Tells one flow as it happens: a line an event with the time since the request, a progress bar
 * while it trains, a table where it was evaluated. Not safe for concurrent use.
 */
public final class Story {

  /** How a flow ended. */
  public enum Ending {
    /** Served in every environment of its pipeline. */
    DEPLOYED,
    /** A model exists, but people or gates kept it out of an environment. */
    NOT_PROMOTED,
    /** A person must decide; the flow goes on after that. */
    AWAITING_APPROVAL,
    /** No model. */
    FAILED
  }

  private final Terminal terminal;
  private final Set<String> seen = new HashSet<>();
  private @Nullable Instant begun;
  private long steps;
  private String stepName = "steps";
  private String lastEnvironment = "production";
  private @Nullable Ending ending;
  private long recoveries;

  public Story(Terminal terminal) {
    this.terminal = terminal;
  }

  /**
   * A story of which it is known that runs in it were given up and went on.
   *
   * @param recoveries how often that happened: so many losses of a worker are not the end
   */
  public Story(Terminal terminal, long recoveries) {
    this(terminal);
    this.recoveries = recoveries;
  }

  /** The ending, once it is known. */
  public @Nullable Ending ending() {
    return ending;
  }

  /**
   * Tells one event.
   *
   * @param event an event of the stream, with `type`, `time` and `data`
   * @return false once the story is over
   */
  public boolean tell(JsonNode event) {
    if (!seen.add(event.path("id").asString(event.path("seq").asString("")))) {
      return ending == null;
    }
    var type = event.path("type").asString("");
    var time = Instant.parse(event.path("time").asString());
    if (begun == null) {
      begun = time;
    }
    var data = event.path("data");
    switch (type) {
      case "TrainRequested" -> say(time, type, "asked by " + text(data, "requestedBy"));
      case "TrainAccepted" -> {
        var dataset = data.path("dataset");
        say(
            time,
            type,
            "run %s, data %s version %d (sha256 %.12s…)"
                .formatted(
                    data.path("runIds").path(0).asString(""),
                    text(dataset, "name"),
                    dataset.path("version").asInt(),
                    text(dataset, "digest")));
      }
      case "TrainingRejected" -> {
        say(time, terminal.styled(Style.RED, type), "nothing was started:");
        for (var reason : data.path("reasons")) {
          terminal.line("          - " + text(reason, "message"));
        }
        ending = Ending.FAILED;
      }
      case "RunQueued" -> {
        readSteps(data);
        say(time, type, text(data, "trainer") + ", seed " + data.path("seed").asLong());
      }
      case "RunStarted" ->
          say(
              time,
              type,
              "on " + text(data, "worker") + ", attempt " + data.path("attempt").asInt());
      case "DataValidated" -> checks(time, type, data);
      case "MetricsLogged" -> progress(data);
      case "LoggedModelMetricsLogged" -> {
        var total = data.path("total").asInt();
        say(
            time,
            type,
            total + (total == 1 ? " point of " : " points of ") + text(data, "modelId"));
      }
      case "RunCancelRequested" -> say(time, type, "by " + text(data, "by"));
      case "ParamsLogged" -> {
        var total = data.path("total").asInt();
        say(time, type, total + (total == 1 ? " parameter" : " parameters"));
      }
      case "ModelTrained" -> {
        terminal.endProgress();
        say(
            time,
            type,
            "in %s, ONNX differs from the trainer by at most %.1e%s"
                .formatted(
                    seconds(Duration.ofMillis(data.path("durationMillis").asLong())),
                    data.path("parityMaxAbsDiff").asDouble(),
                    finalMetrics(data.path("metrics"))));
      }
      case "TrainingFailed" -> {
        terminal.endProgress();
        say(
            time,
            terminal.styled(Style.RED, type),
            text(data, "reason") + ": " + text(data, "message"));
        if (text(data, "reason").equals("worker-lost") && recoveries > 0) {
          recoveries--;
        } else {
          ending = Ending.FAILED;
        }
      }
      case "RunRecovered" ->
          say(
              time,
              terminal.styled(Style.GREEN, type),
              "its worker reports again after "
                  + seconds(Duration.ofMillis(data.path("silentMillis").asLong())));
      case "ModelVersionCreated" ->
          say(time, type, text(data, "modelName") + " version " + data.path("version").asInt());
      case "ModelEvaluated" -> evaluation(time, type, data);
      case "EvaluationFailed" -> {
        say(
            time,
            terminal.styled(Style.RED, type),
            text(data, "reason") + ": " + text(data, "message"));
        ending = Ending.FAILED;
      }
      case "ApprovalRequested" -> {
        say(
            time,
            terminal.styled(Style.YELLOW, type),
            "%s waits for %d approval(s): ./millrace approvals approve %s --by NAME"
                .formatted(
                    text(data, "environment"),
                    data.path("approvers").asInt(),
                    text(data, "approvalId")));
        ending = Ending.AWAITING_APPROVAL;
      }
      case "ApprovalAnswered" ->
          say(
              time,
              type,
              "%s says %s to %s, %d of %d%s"
                  .formatted(
                      text(data, "by"),
                      data.path("approved").asBoolean() ? "yes" : "no",
                      text(data, "environment"),
                      data.path("approvals").asInt(),
                      data.path("approvers").asInt(),
                      comment(data)));
      case "ApprovalWithdrawn" ->
          say(
              time,
              type,
              "nobody is asked about %s any more: %s"
                  .formatted(text(data, "environment"), text(data, "reason")));
      case "ModelPromoted" ->
          say(
              time,
              type,
              "to %s as revision %d, by %s"
                  .formatted(
                      terminal.styled(Style.BOLD, text(data, "environment")),
                      data.path("revision").asLong(),
                      join(data.path("by"))));
      case "ModelRejected" -> {
        say(
            time,
            terminal.styled(Style.RED, type),
            "not into %s (%s): %s"
                .formatted(text(data, "environment"), text(data, "reason"), text(data, "message")));
        ending = Ending.NOT_PROMOTED;
      }
      case "ModelDeployed" -> {
        say(
            time,
            terminal.styled(Style.GREEN, type),
            "%s serves version %d, %d ms after it was decided"
                .formatted(
                    text(data, "environment"),
                    data.path("version").asInt(),
                    data.path("loadMillis").asLong()));
        if (text(data, "environment").equals(lastEnvironment)) {
          ending = Ending.DEPLOYED;
        }
      }
      case "DeploymentFailed" ->
          say(
              time,
              terminal.styled(Style.RED, type),
              text(data, "reason") + ": " + text(data, "message"));
      case "DeadLettered" -> {
        terminal.endProgress();
        say(
            time,
            terminal.styled(Style.RED, type),
            "a record of %s, for %s: %s: %s"
                .formatted(
                    text(data, "originalTopic"),
                    text(data, "consumer"),
                    text(data, "reason"),
                    text(data, "message")));
        // Nobody goes on with it; a training that is put aside is told as TrainingFailed as well.
        if (text(data, "originalTopic").equals("millrace.evaluation-jobs")) {
          ending = Ending.FAILED;
        }
      }
      case "DatasetVersionDeleted" ->
          say(
              time,
              type,
              "%s version %d, by %s"
                  .formatted(
                      text(data, "datasetName"), data.path("version").asInt(), text(data, "by")));
      case "ArtifactStored" ->
          say(time, type, "%s, by %s".formatted(text(data, "path"), text(data, "by")));
      case "ArtifactDeleted" ->
          say(
              time,
              type,
              data.path("folder").asBoolean()
                  ? "%s with %d files, by %s"
                      .formatted(text(data, "path"), data.path("files").asLong(), text(data, "by"))
                  : "%s, by %s".formatted(text(data, "path"), text(data, "by")));
      case "PipelineApplied" ->
          say(
              time,
              type,
              "%s version %d, by %s"
                  .formatted(
                      text(data, "pipelineName"), data.path("version").asInt(), text(data, "by")));
      case "WebhookCreated", "WebhookDeleted" ->
          say(time, type, text(data, "name") + ", by " + text(data, "by"));
      case "WebhookUpdated" ->
          say(
              time,
              type,
              "%s: %s, by %s"
                  .formatted(text(data, "name"), join(data.path("changed")), text(data, "by")));
      case "DatasetRejected" ->
          say(
              time,
              terminal.styled(Style.RED, type),
              "%s, line %d of %s: %s: %s"
                  .formatted(
                      text(data, "datasetName"),
                      data.path("line").asLong(),
                      text(data, "file"),
                      text(data, "reason"),
                      text(data, "message")));
      default -> say(time, type, "");
    }
    return ending == null;
  }

  private void readSteps(JsonNode job) {
    var params = job.path("params");
    if (params.has("trees") || text(job, "trainer").contains("forest")) {
      stepName = "trees";
      steps = number(params.path("trees"), 0);
    } else if (params.has("epochs") || text(job, "trainer").contains("mlp")) {
      stepName = "epochs";
      steps = number(params.path("epochs"), 0);
    }
    var environments =
        GatewayClient.JSON
            .readTree(job.path("pipeline").asString("{}"))
            .path("promote")
            .path("environments");
    if (!environments.isEmpty()) {
      lastEnvironment = environments.path(environments.size() - 1).asString();
    }
  }

  private static long number(JsonNode node, long otherwise) {
    try {
      return node.isMissingNode() ? otherwise : Long.parseLong(node.asString());
    } catch (NumberFormatException e) {
      return otherwise;
    }
  }

  private void checks(Instant time, String type, JsonNode data) {
    var worrying = new ArrayList<String>();
    int passed = 0;
    for (var check : data.path("checks")) {
      if (text(check, "status").equals("PASS")) {
        passed++;
      } else {
        worrying.add(
            "          "
                + terminal.styled(
                    text(check, "status").equals("FAIL") ? Style.RED : Style.YELLOW,
                    text(check, "status"))
                + " "
                + text(check, "check")
                + ": "
                + text(check, "message"));
      }
    }
    say(
        time,
        type,
        "%d rows, %d of %d checks passed"
            .formatted(data.path("rows").asLong(), passed, data.path("checks").size()));
    worrying.forEach(terminal::line);
  }

  private void progress(JsonNode data) {
    long step = -1;
    JsonNode newest = null;
    for (var metric : data.path("metrics")) {
      if (metric.path("step").asLong() > step) {
        step = metric.path("step").asLong();
        newest = metric;
      }
    }
    if (newest == null || step <= 0) {
      return;
    }
    terminal.progress(
        stepName,
        step,
        Math.max(steps, step),
        "%s %s".formatted(text(newest, "key"), decimal(newest.path("value").asDouble())));
  }

  private static String finalMetrics(JsonNode metrics) {
    var text = new StringBuilder();
    for (var name :
        List.of("validation.accuracy", "validation.roc_auc", "validation.rmse", "validation.r2")) {
      if (metrics.has(name)) {
        text.append(", ").append(name).append(' ').append(decimal(metrics.path(name).asDouble()));
      }
    }
    return text.toString();
  }

  private void evaluation(Instant time, String type, JsonNode data) {
    var passed = text(data, "verdict").equals("PASSED");
    say(
        time,
        terminal.styled(passed ? Style.GREEN : Style.RED, type),
        "%s on %d held-out rows%s"
            .formatted(
                text(data, "verdict"),
                data.path("rows").asLong(),
                data.path("championVersion").isNumber()
                    ? ", against version " + data.path("championVersion").asInt()
                    : ""));
    List<List<@Nullable String>> rows = new ArrayList<>();
    for (var metric : data.path("metrics")) {
      rows.add(
          List.of(
              text(metric, "name"),
              decimal(metric.path("value").asDouble()),
              metric.path("lower").isNumber()
                  ? "%s to %s"
                      .formatted(
                          decimal(metric.path("lower").asDouble()),
                          decimal(metric.path("upper").asDouble()))
                  : ""));
    }
    var confidence = data.path("metrics").path(0).path("confidence").asDouble(0.95);
    terminal.table(
        10, List.of("metric", "value", "%.0f %% interval".formatted(confidence * 100)), rows);
    for (var gate : data.path("gates")) {
      var ok = gate.path("passed").asBoolean();
      terminal.line(
          "          gate "
              + terminal.styled(ok ? Style.GREEN : Style.RED, ok ? "passed" : "failed")
              + ": "
              + text(gate, "metric")
              + " "
              + text(gate, "condition")
              + " ("
              + text(gate, "message")
              + ")");
    }
  }

  private void say(Instant time, String type, String text) {
    var since = begun == null ? Duration.ZERO : Duration.between(begun, time);
    terminal.line("%8s  %-19s %s".formatted(seconds(since), type, text).stripTrailing());
  }

  static String seconds(Duration duration) {
    return String.format(Locale.ROOT, "%.2f s", duration.toMillis() / 1000.0);
  }

  static String decimal(double value) {
    return String.format(Locale.ROOT, "%.4f", value);
  }

  private static String comment(JsonNode data) {
    var comment = text(data, "comment");
    return comment.isEmpty() ? "" : ": " + comment;
  }

  static String text(JsonNode node, String field) {
    return node.path(field).asString("");
  }

  private static String join(JsonNode list) {
    var names = new ArrayList<String>();
    list.forEach(name -> names.add(name.asString()));
    return String.join(", ", names);
  }
}
