package io.millrace.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import tools.jackson.databind.JsonNode;

/** Makes, shows and mends webhooks. */
@Command(name = "webhooks", description = "Who is told of events by signed HTTP calls.")
final class WebhooksCommand implements Runnable {

  private static final String PATH = "/api/v1/webhooks";

  @ParentCommand @Nullable Millrace millrace;

  /** For programs. */
  static final class Json {
    @Option(names = "--json", description = "The server's answer as JSON.")
    boolean wanted;
  }

  /** What is told to whom. */
  static final class Wanted {
    @Option(names = "--url", paramLabel = "URL", description = "The receiver.")
    @Nullable String url;

    @Option(names = "--name", paramLabel = "NAME", description = "Letters, digits, . _ and -.")
    @Nullable String name;

    @Option(
        names = "--type",
        split = ",",
        paramLabel = "A,B",
        description = "Only these events, for example ModelPromoted,DriftDetected.")
    @Nullable List<String> types;

    @Option(names = "--model", split = ",", paramLabel = "A,B", description = "Only of these.")
    @Nullable List<String> models;

    @Option(
        names = "--pipeline",
        split = ",",
        paramLabel = "A,B",
        description = "Only of requests with these pipelines.")
    @Nullable List<String> pipelines;

    @Option(
        names = "--flow",
        split = ",",
        paramLabel = "A,B",
        description = "Only of these requests.")
    @Nullable List<String> flows;

    @Option(names = "--description", paramLabel = "TEXT", description = "What it is for.")
    @Nullable String description;

    Map<String, Object> body() {
      Map<String, Object> body = new LinkedHashMap<>();
      put(body, "name", name);
      put(body, "url", url);
      put(body, "description", description);
      put(body, "types", named(types));
      put(body, "models", named(models));
      put(body, "pipelines", named(pipelines));
      put(body, "flows", named(flows));
      return body;
    }

    /** An empty text takes a filter away. */
    private static @Nullable List<String> named(@Nullable List<String> given) {
      return given == null ? null : given.stream().filter(name -> !name.isBlank()).toList();
    }
  }

  @Override
  public void run() {
    list(new Json());
  }

  @Command(description = "List them.")
  int list(@Mixin Json json) {
    var root = Objects.requireNonNull(millrace);
    try (var gateway = root.client()) {
      List<List<@Nullable String>> rows = new ArrayList<>();
      var token = "";
      do {
        var page = gateway.get(PATH + "?limit=1000&pageToken=" + GatewayClient.encode(token));
        for (var webhook : page.path("items")) {
          if (json.wanted) {
            root.terminal().line(webhook.toString());
          } else {
            rows.add(
                List.of(
                    Story.text(webhook, "id"),
                    Story.text(webhook, "name"),
                    Story.text(webhook, "status"),
                    wants(webhook),
                    Story.text(webhook, "url")));
          }
        }
        token = page.path("nextPageToken").asString("");
      } while (!token.isEmpty());
      if (json.wanted) {
        return 0;
      }
      if (rows.isEmpty()) {
        root.terminal().line("No webhooks yet: `./millrace webhooks create --name N --url URL`");
      } else {
        root.terminal().table(0, List.of("webhook", "name", "status", "told of", "url"), rows);
      }
    }
    return 0;
  }

  @Command(description = "Make one; its secret is shown this once.")
  int create(
      @Mixin Wanted wanted,
      @Option(names = "--disabled", description = "Not told of anything yet.") boolean disabled,
      @Mixin Json json) {
    var body = wanted.body();
    if (disabled) {
      body.put("enabled", false);
    }
    return withSecret(PATH, body, json, "Made webhook %s for %s.");
  }

  @Command(description = "Show one whole.")
  int show(@Parameters(paramLabel = "WEBHOOK", description = "Its id.") String id) {
    var root = Objects.requireNonNull(millrace);
    try (var gateway = root.client()) {
      root.terminal().line(gateway.get(path(id)).toPrettyString());
    }
    return 0;
  }

  @Command(description = "Change what is given; an empty --type, --model, ... takes it away.")
  int update(
      @Parameters(paramLabel = "WEBHOOK", description = "Its id.") String id,
      @Mixin Wanted wanted,
      @Option(names = "--enable", description = "Told again of what happens from now on.")
          boolean enable,
      @Option(names = "--disable", description = "Told of nothing.") boolean disable,
      @Mixin Json json) {
    var body = wanted.body();
    if (enable && disable) {
      throw new CliFailure("--enable and --disable at once make no sense.");
    }
    var root = Objects.requireNonNull(millrace);
    try (var gateway = root.client()) {
      var answer = body.isEmpty() ? gateway.get(path(id)) : gateway.patch(path(id), body);
      if (enable || disable) {
        answer = gateway.post(path(id) + (enable ? "/enable" : "/disable"), Map.of());
      }
      root.terminal()
          .line(
              json.wanted
                  ? answer.toString()
                  : "%s is %s, told of %s at %s"
                      .formatted(
                          Story.text(answer, "name"),
                          Story.text(answer, "status"),
                          wants(answer),
                          Story.text(answer, "url")));
    }
    return 0;
  }

  @Command(description = "Delete one; what waits for it is given up.")
  int delete(@Parameters(paramLabel = "WEBHOOK", description = "Its id.") String id) {
    var root = Objects.requireNonNull(millrace);
    try (var gateway = root.client()) {
      gateway.delete(path(id));
      root.terminal().line("Deleted " + id + ".");
    }
    return 0;
  }

  @Command(description = "Send an example at once; the exit status says whether it was taken.")
  int test(
      @Parameters(paramLabel = "WEBHOOK", description = "Its id.") String id,
      @Option(names = "--type", paramLabel = "EVENT", description = "An example of this event.")
          @Nullable String type,
      @Mixin Json json) {
    var root = Objects.requireNonNull(millrace);
    try (var gateway = root.client()) {
      Map<String, Object> body = new LinkedHashMap<>();
      put(body, "type", type);
      var result = gateway.post(path(id) + "/test", body);
      var taken = result.path("success").asBoolean();
      root.terminal()
          .line(
              json.wanted
                  ? result.toString()
                  : "%s: %s after %d ms%s"
                      .formatted(
                          taken ? "Taken" : "Not taken",
                          outcome(result),
                          result.path("latencyMillis").asLong(),
                          result.path("response").asString("").isEmpty()
                              ? ""
                              : "\n" + Story.text(result, "response")));
      return taken ? 0 : CliFailure.FAILED;
    }
  }

  @Command(description = "Show the log of deliveries, newest first.")
  int deliveries(
      @Parameters(paramLabel = "WEBHOOK", description = "Its id.") String id,
      @Option(
              names = "--status",
              paramLabel = "STATUS",
              description = "Only PENDING, DELIVERED or FAILED.")
          @Nullable String status,
      @Option(
              names = "--limit",
              paramLabel = "N",
              defaultValue = "50",
              description = "At most so many (default: ${DEFAULT-VALUE}).")
          int limit,
      @Mixin Json json) {
    var root = Objects.requireNonNull(millrace);
    try (var gateway = root.client()) {
      var query =
          "/deliveries?limit="
              + limit
              + (status == null ? "" : "&status=" + GatewayClient.encode(status));
      List<List<@Nullable String>> rows = new ArrayList<>();
      for (var delivery : gateway.get(path(id) + query).path("items")) {
        if (json.wanted) {
          root.terminal().line(delivery.toString());
          continue;
        }
        rows.add(
            List.of(
                delivery.path("id").asString(""),
                Story.text(delivery, "type"),
                Story.text(delivery, "eventTime"),
                Story.text(delivery, "status"),
                delivery.path("attempts").asString(""),
                outcome(delivery),
                Story.text(delivery, "nextAttemptAt")));
      }
      if (!json.wanted && rows.isEmpty()) {
        root.terminal().line("Nothing was to be told.");
      } else if (!json.wanted) {
        root.terminal()
            .table(
                0,
                List.of("delivery", "event", "time", "status", "attempts", "last", "next"),
                rows);
      }
    }
    return 0;
  }

  @Command(description = "Tell again: one delivery, or what was missed in a time.")
  int replay(
      @Parameters(paramLabel = "WEBHOOK", description = "Its id.") String id,
      @Option(names = "--delivery", paramLabel = "N", description = "This one.")
          @Nullable Long delivery,
      @Option(
              names = "--from",
              paramLabel = "TIME",
              description = "Events from this time on, for example 2026-11-21T09:00:00Z.")
          @Nullable String from,
      @Option(names = "--to", paramLabel = "TIME", description = "And before this one; else now.")
          @Nullable String to,
      @Option(names = "--delivered", description = "Also what was delivered.") boolean delivered) {
    if ((delivery == null) == (from == null)) {
      throw new CliFailure("Say either --delivery or --from.");
    }
    var root = Objects.requireNonNull(millrace);
    try (var gateway = root.client()) {
      if (delivery != null) {
        var queued = gateway.post(path(id) + "/deliveries/" + delivery + "/replay", Map.of());
        root.terminal().line("Queued as delivery " + queued.path("id").asLong() + ".");
        return 0;
      }
      Map<String, Object> body = new LinkedHashMap<>();
      put(body, "from", from);
      put(body, "to", to);
      body.put("delivered", delivered);
      var queued = gateway.post(path(id) + "/replay", body);
      root.terminal().line("Queued " + queued.path("queued").asLong() + " deliveries.");
    }
    return 0;
  }

  @Command(description = "Replace the secret; the new one is shown this once.")
  int rotate(
      @Parameters(paramLabel = "WEBHOOK", description = "Its id.") String id,
      @Option(
              names = "--overlap",
              paramLabel = "DURATION",
              description = "How long both sign (default: 24h).")
          @Nullable String overlap,
      @Mixin Json json) {
    Map<String, Object> body = new LinkedHashMap<>();
    put(body, "overlap", overlap);
    return withSecret(path(id) + "/rotate", body, json, "Webhook %s for %s has a new secret.");
  }

  private int withSecret(String path, Map<String, Object> body, Json json, String said) {
    var root = Objects.requireNonNull(millrace);
    try (var gateway = root.client()) {
      var webhook = gateway.post(path, body);
      if (json.wanted) {
        root.terminal().line(webhook.toString());
        return 0;
      }
      root.terminal().line(said.formatted(Story.text(webhook, "id"), Story.text(webhook, "url")));
      root.terminal().line("Its secret, not shown again: " + Story.text(webhook, "secret"));
      var until = Story.text(webhook, "previousSecretUntil");
      if (!until.isEmpty()) {
        root.terminal().line("The secret before signs as well until " + until + ".");
      }
    }
    return 0;
  }

  private static String path(String id) {
    return PATH + "/" + GatewayClient.encode(id);
  }

  private static void put(Map<String, Object> body, String field, @Nullable Object value) {
    if (value != null) {
      body.put(field, value);
    }
  }

  private static String wants(JsonNode webhook) {
    List<String> parts = new ArrayList<>();
    for (var field : List.of("types", "models", "pipelines", "flows")) {
      List<String> names = new ArrayList<>();
      webhook.path(field).forEach(name -> names.add(name.asString("")));
      if (!names.isEmpty()) {
        parts.add((field.equals("types") ? "" : field + " ") + String.join(",", names));
      }
    }
    return parts.isEmpty() ? "everything" : String.join("; ", parts);
  }

  private static String outcome(JsonNode node) {
    var error = Story.text(node, "error");
    return error.isEmpty() ? node.path("responseStatus").asString("") : error;
  }
}
