package io.millrace.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Shows and decides approvals. */
@Command(name = "approvals", description = "Show and decide promotions that wait for people.")
final class ApprovalsCommand implements Runnable {

  @ParentCommand @Nullable Millrace millrace;

  @Override
  public void run() {
    list();
  }

  @Command(description = "List what waits.")
  int list() {
    var root = Objects.requireNonNull(millrace);
    try (var gateway = root.client()) {
      List<List<@Nullable String>> rows = new ArrayList<>();
      for (var approval : gateway.get("/api/v1/approvals?status=PENDING").path("items")) {
        rows.add(
            List.of(
                Story.text(approval, "approvalId"),
                Story.text(approval, "modelName"),
                approval.path("version").asString(""),
                Story.text(approval, "environment"),
                Story.text(approval, "requestedBy"),
                approval.path("decisions").size() + " of " + approval.path("approvers").asInt()));
      }
      if (rows.isEmpty()) {
        root.terminal().line("Nothing waits for an approval.");
      } else {
        root.terminal()
            .table(
                0,
                List.of("approval", "model", "version", "environment", "asked by", "approved"),
                rows);
      }
    }
    return 0;
  }

  @Command(description = "Let a model version into an environment.")
  int approve(
      @Parameters(paramLabel = "APPROVAL", description = "Its id.") String id,
      @Option(names = "--by", required = true, paramLabel = "NAME", description = "Who decides.")
          String by,
      @Option(names = "--comment", paramLabel = "TEXT", description = "Why.")
          @Nullable String comment) {
    return decide(id, "approve", by, comment);
  }

  @Command(description = "Keep a model version out of an environment.")
  int reject(
      @Parameters(paramLabel = "APPROVAL", description = "Its id.") String id,
      @Option(names = "--by", required = true, paramLabel = "NAME", description = "Who decides.")
          String by,
      @Option(names = "--comment", paramLabel = "TEXT", description = "Why.")
          @Nullable String comment) {
    return decide(id, "reject", by, comment);
  }

  private int decide(String id, String decision, String by, @Nullable String comment) {
    var root = Objects.requireNonNull(millrace);
    try (var gateway = root.client()) {
      Map<String, Object> body = new LinkedHashMap<>();
      body.put("by", by);
      if (comment != null) {
        body.put("comment", comment);
      }
      var approval =
          gateway.post("/api/v1/approvals/" + GatewayClient.encode(id) + "/" + decision, body);
      root.terminal()
          .line(
              "%s version %d for %s is %s"
                  .formatted(
                      Story.text(approval, "modelName"),
                      approval.path("version").asInt(),
                      Story.text(approval, "environment"),
                      Story.text(approval, "status")));
    }
    return 0;
  }
}
