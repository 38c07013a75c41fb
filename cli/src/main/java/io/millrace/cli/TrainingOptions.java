package io.millrace.cli;

import io.millrace.cli.Terminal.Style;
import io.millrace.pipeline.Pipeline;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What every command that asks for a training takes, and how it asks. */
final class TrainingOptions {

  @Option(
      names = "--data",
      paramLabel = "CSV",
      description = "Store this file as a version of the pipeline's dataset first.")
  @Nullable Path data;

  @Option(
      names = "--set",
      paramLabel = "PATH=VALUE",
      description = "Replace a value for this run, for example train.params.trees=100.")
  Map<String, String> overrides = new LinkedHashMap<>();

  @Option(
      names = "--request-id",
      paramLabel = "ID",
      description = "Id of the request; the same id again changes nothing.")
  @Nullable String requestId;

  @Option(names = "--by", paramLabel = "NAME", description = "Who asks (default: the user name).")
  String requestedBy = System.getProperty("user.name", "unknown");

  @Option(names = "--detach", description = "Do not wait for the end.")
  boolean detach;

  /** Stores the data, where some was given. */
  void pushData(GatewayClient gateway, Terminal terminal, Pipeline pipeline) {
    if (data != null) {
      terminal.line(
          DatasetsCommand.describe(
              gateway.pushDataset(pipeline.dataset().name(), data, requestedBy)));
    }
  }

  /**
   * Asks for a training by a pipeline that is applied, and follows it to its end.
   *
   * @param more what else the request says
   * @return the exit status
   */
  int ask(GatewayClient gateway, Terminal terminal, Pipeline pipeline, Map<String, ?> more) {
    var id = requestId == null ? UUID.randomUUID().toString() : requestId;
    Map<String, Object> request = new LinkedHashMap<>();
    request.put("requestId", id);
    request.put("pipeline", pipeline.name());
    request.put("overrides", overrides);
    request.put("requestedBy", requestedBy);
    request.putAll(more);
    gateway.post("/api/v1/train-requests", request);
    terminal.line("request   " + terminal.styled(Style.BOLD, id));
    return detach ? 0 : FlowCommand.follow(gateway, terminal, id);
  }
}
