package io.millrace.cli;

import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

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
      return follow(gateway, root.terminal(), requestId);
    }
  }

  /** Follows a flow to its end: 0 where a model is served or waits for people, 1 otherwise. */
  static int follow(GatewayClient gateway, Terminal terminal, String requestId) {
    var story = new Story(terminal);
    new EventStream(gateway)
        .where("flow", requestId)
        .after(0)
        .forEach(story::tell, RunCommand.GIVE_UP_AFTER);
    return story.ending() == Story.Ending.DEPLOYED
            || story.ending() == Story.Ending.AWAITING_APPROVAL
        ? 0
        : 1;
  }
}
