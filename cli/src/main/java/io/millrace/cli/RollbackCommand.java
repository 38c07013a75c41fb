package io.millrace.cli;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Puts an earlier version back into an environment. */
@Command(name = "rollback", description = "Serve the version that was served before.")
final class RollbackCommand implements Callable<Integer> {

  @ParentCommand @Nullable Millrace millrace;

  @Parameters(paramLabel = "MODEL", description = "Registered model.")
  String model = "";

  @Option(
      names = "--environment",
      paramLabel = "NAME",
      description = "Environment (default: ${DEFAULT-VALUE}).")
  String environment = "production";

  @Option(
      names = "--to",
      paramLabel = "VERSION",
      description = "This version instead of the one before.")
  @Nullable Integer version;

  @Option(
      names = "--by",
      paramLabel = "NAME",
      description = "Who decides (default: the user name).")
  String by = System.getProperty("user.name", "unknown");

  @Option(names = "--comment", paramLabel = "TEXT", description = "Why.")
  @Nullable String comment;

  @Override
  public Integer call() {
    var root = Objects.requireNonNull(millrace);
    try (var gateway = root.client()) {
      Map<String, Object> body = new LinkedHashMap<>();
      body.put("by", by);
      if (comment != null) {
        body.put("comment", comment);
      }
      if (version != null) {
        body.put("toVersion", version);
      }
      var deployment =
          gateway.post(
              "/api/v1/deployments/%s/%s/rollback"
                  .formatted(GatewayClient.encode(environment), GatewayClient.encode(model)),
              body);
      root.terminal()
          .line(
              "%s is to serve %s version %d (revision %d)"
                  .formatted(
                      environment,
                      model,
                      deployment.path("version").asInt(),
                      deployment.path("revision").asLong()));
      return 0;
    }
  }
}
