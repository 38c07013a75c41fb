package io.millrace.cli;

import io.millrace.cli.Terminal.Style;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

/** Shows how the platform is. */
@Command(name = "status", description = "Show how the services are, what is served and what waits.")
final class StatusCommand implements Callable<Integer> {

  @ParentCommand @Nullable Millrace millrace;

  @Override
  public Integer call() {
    var root = Objects.requireNonNull(millrace);
    var terminal = root.terminal();
    try (var gateway = root.client()) {
      var status = gateway.get("/api/v1/status");
      var up = Story.text(status, "status").equals("UP");
      terminal.line(
          gateway.address()
              + " is "
              + terminal.styled(up ? Style.GREEN : Style.RED, Story.text(status, "status")));
      List<List<@Nullable String>> services = new ArrayList<>();
      for (var service : status.path("services")) {
        services.add(
            List.of(
                Story.text(service, "name"),
                Story.text(service, "status"),
                Story.text(service, "address")));
      }
      terminal.table(2, List.of("service", "status", "address"), services);
      list(gateway, terminal);
      return up ? 0 : 1;
    }
  }

  private static void list(GatewayClient gateway, Terminal terminal) {
    List<List<@Nullable String>> deployments = new ArrayList<>();
    for (var deployment : gateway.get("/api/v1/deployments").path("items")) {
      deployments.add(
          List.of(
              Story.text(deployment, "environment"),
              Story.text(deployment, "modelName"),
              deployment.path("version").asString(""),
              Story.text(deployment, "status"),
              Integer.toString(deployment.path("replicas").size())));
    }
    if (deployments.isEmpty()) {
      terminal.line(
          "Nothing is served yet: `./millrace run samples/breast-cancer.yaml --data samples/breast-cancer.csv`");
    } else {
      terminal.table(
          2, List.of("environment", "model", "version", "status", "replicas"), deployments);
    }
    var waiting = gateway.get("/api/v1/approvals?status=PENDING").path("items").size();
    if (waiting > 0) {
      terminal.line(waiting + " promotion(s) wait for an approval: `./millrace approvals list`");
    }
  }
}
