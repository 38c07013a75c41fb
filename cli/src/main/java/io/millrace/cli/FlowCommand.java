package io.millrace.cli;

import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import tools.jackson.databind.JsonNode;

/** Tells the story of one request, from its first event. */
@Command(
    name = "flow",
    description = "Tell the story of a request: what happened, when, and how it ended.")
final class FlowCommand implements Callable<Integer> {

  @ParentCommand @Nullable Millrace millrace;

  @Parameters(paramLabel = "REQUEST", description = "The request's id.")
  String requestId = "";

  @Override
  public Integer call() {
    var root = Objects.requireNonNull(millrace);
    try (var gateway = root.client()) {
      var flow =
          gateway
              .find("/api/v1/flows/" + GatewayClient.encode(requestId))
              .orElseThrow(
                  () ->
                      new CliFailure(
                          "No request "
                              + requestId
                              + " is known. `./millrace events` shows what comes in."));
      if (flow.path("status").asString("").equals("REQUESTED")) {
        root.terminal().line("Not accepted yet; following.");
      }
      return follow(gateway, new Story(root.terminal(), recoveries(flow)), requestId);
    }
  }

  private static long recoveries(JsonNode flow) {
    long recoveries = 0;
    for (var event : flow.path("events")) {
      if (event.path("type").asString("").equals("RunRecovered")
          && event.path("data").path("attempt").isNumber()) {
        recoveries++;
      }
    }
    return recoveries;
  }

  /** Follows a flow to its end: 0 where a model is served or waits for people, 1 otherwise. */
  static int follow(GatewayClient gateway, Terminal terminal, String requestId) {
    return follow(gateway, new Story(terminal), requestId);
  }

  private static int follow(GatewayClient gateway, Story story, String requestId) {
    new EventStream(gateway)
        .where("flow", requestId)
        .after(0)
        .forEachByTime(story::tell, RunCommand.GIVE_UP_AFTER);
    return story.ending() == Story.Ending.DEPLOYED
            || story.ending() == Story.Ending.AWAITING_APPROVAL
        ? 0
        : 1;
  }
}
