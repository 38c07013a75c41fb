package io.millrace.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import tools.jackson.databind.JsonNode;

/** Shows registered models, their history and what is live. */
@Command(name = "models", description = "Show registered models, their history and what is live.")
final class ModelsCommand implements Runnable {

  private static final int MOST_LINES = 1000;

  @ParentCommand @Nullable Millrace millrace;

  @Override
  public void run() {
    list(false);
  }

  @Command(description = "List the registered models.")
  int list(@Option(names = "--json", description = "As JSON.") boolean json) {
    return with(
        gateway -> {
          List<JsonNode> models = pages(gateway, "/api/v1/models?limit=100", Integer.MAX_VALUE);
          if (json) {
            json(models);
            return;
          }
          List<List<@Nullable String>> rows = new ArrayList<>();
          for (var model : models) {
            var newest = model.path("versions").path(0);
            rows.add(
                List.of(
                    Story.text(model, "name"),
                    model.path("latestVersion").asString(""),
                    newest.path("createdAt").asString(""),
                    newest.path("runId").asString("")));
          }
          if (rows.isEmpty()) {
            terminal().line("No models yet: `./millrace run PIPELINE --data FILE.csv` trains one.");
          } else {
            terminal().table(0, List.of("model", "newest", "created", "run"), rows);
          }
        });
  }

  @Command(description = "Show one model with its versions.")
  int show(
      @Parameters(paramLabel = "MODEL", description = "Its name.") String name,
      @Option(names = "--json", description = "As JSON.") boolean json) {
    return with(
        gateway -> {
          var model = gateway.get("/api/v1/models/" + GatewayClient.encode(name));
          if (json) {
            terminal().line(model.toPrettyString());
            return;
          }
          terminal().line(Story.text(model, "name"));
          if (!model.path("description").asString("").isEmpty()) {
            terminal().line("  " + Story.text(model, "description"));
          }
          for (var live : model.path("live")) {
            terminal()
                .line(
                    "  live in %s: version %d, revision %d%s"
                        .formatted(
                            Story.text(live, "environment"),
                            live.path("version").asInt(),
                            live.path("revision").asLong(),
                            live.path("deployed").asInt() == live.path("version").asInt()
                                ? ""
                                : ", not served yet"));
          }
          List<List<@Nullable String>> rows = new ArrayList<>();
          for (var version : model.path("versions")) {
            List<String> aliases = new ArrayList<>();
            version.path("aliases").forEach(alias -> aliases.add(alias.asString()));
            rows.add(
                List.of(
                    version.path("version").asString(""),
                    Story.text(version, "stage"),
                    String.join(", ", aliases),
                    Story.text(version, "createdAt"),
                    version.path("registeredBy").asString(""),
                    version.path("runId").asString("")));
          }
          if (!rows.isEmpty()) {
            terminal()
                .table(2, List.of("version", "stage", "aliases", "created", "by", "run"), rows);
          }
        });
  }

  @Command(description = "Tell what ever happened to a model, newest first.")
  int history(
      @Parameters(paramLabel = "MODEL", description = "Its name, also a former one.") String name,
      @Option(names = "--version", paramLabel = "N", description = "Only of this version.")
          @Nullable Integer version,
      @Mixin HelpOption help,
      @Option(names = "--limit", paramLabel = "N", description = "At most so many lines: 50.")
          @Nullable Integer limit,
      @Option(names = "--json", description = "As JSON.") boolean json) {
    return with(
        gateway -> {
          int most = limit == null ? 50 : Math.clamp(limit, 1, MOST_LINES);
          var path =
              "/api/v1/models/%s/history?limit=%d%s"
                  .formatted(
                      GatewayClient.encode(name),
                      most,
                      version == null ? "" : "&version=" + version);
          List<JsonNode> lines = pages(gateway, path, most);
          if (json) {
            json(lines);
            return;
          }
          List<List<@Nullable String>> rows = new ArrayList<>();
          for (var line : lines) {
            rows.add(
                List.of(
                    Story.text(line, "at"),
                    line.path("version").asString(""),
                    what(line),
                    Story.text(line, "by"),
                    line.path("reason").asString("")));
          }
          terminal().table(0, List.of("at", "version", "what", "by", "why"), rows);
        });
  }

  @Command(description = "Tell what was live at a time, now by default, and who put it there.")
  int live(
      @Parameters(paramLabel = "MODEL", description = "Its name.") String name,
      @Option(
              names = "--at",
              paramLabel = "TIME",
              description = "For example 2026-01-31T12:00:00Z.")
          @Nullable String at,
      @Option(names = "--environment", paramLabel = "NAME", description = "Only this one.")
          @Nullable String environment,
      @Option(names = "--json", description = "As JSON.") boolean json) {
    return with(
        gateway -> {
          var query = at == null ? "" : "?at=" + GatewayClient.encode(at);
          if (environment != null) {
            query +=
                (query.isEmpty() ? "?" : "&") + "environment=" + GatewayClient.encode(environment);
          }
          var live = gateway.get("/api/v1/models/" + GatewayClient.encode(name) + "/live" + query);
          if (json) {
            terminal().line(live.toPrettyString());
          } else {
            tell(live);
          }
        });
  }

  private void tell(JsonNode live) {
    terminal().line(Story.text(live, "name") + " at " + Story.text(live, "at"));
    List<List<@Nullable String>> rows = new ArrayList<>();
    for (var place : live.path("environments")) {
      if (place.has("version")) {
        rows.add(row("environment " + Story.text(place, "environment"), place));
      }
      if (place.has("wanted")) {
        rows.add(row("wanted in " + Story.text(place, "environment"), place.path("wanted")));
      }
    }
    for (var stage : live.path("stages")) {
      rows.add(row("stage " + Story.text(stage, "stage"), stage));
    }
    for (var alias : live.path("aliases")) {
      rows.add(row("alias " + Story.text(alias, "alias"), alias));
    }
    if (rows.isEmpty()) {
      terminal().line("  nothing");
    } else {
      terminal().table(2, List.of("where", "version", "since", "by", "why"), rows);
    }
  }

  private static List<@Nullable String> row(String where, JsonNode what) {
    return List.of(
        where,
        what.path("version").asString(""),
        Story.text(what, "since"),
        Story.text(what, "by"),
        what.path("reason").asString(what.path("cause").asString("")));
  }

  /** A line of the history in words. */
  private static String what(JsonNode line) {
    var from = line.path("from").asString("");
    var to = line.path("to").asString("");
    var subject = line.path("subject").asString("");
    return switch (Story.text(line, "kind")) {
      case "MODEL_CREATED" -> "created";
      case "MODEL_DESCRIBED", "VERSION_DESCRIBED" -> "description changed";
      case "MODEL_RENAMED" -> "renamed from " + from + " to " + to;
      case "MODEL_DELETED" -> "model deleted";
      case "MODEL_TAG_SET", "VERSION_TAG_SET" -> "tag " + subject + " = " + shortened(to);
      case "MODEL_TAG_DELETED", "VERSION_TAG_DELETED" -> "tag " + subject + " removed";
      case "VERSION_CREATED" -> "registered from " + to;
      case "VERSION_DELETED" -> "version deleted";
      case "STAGE_CHANGED" -> "stage " + from + " to " + to;
      case "ALIAS_SET" -> "alias " + subject + (from.isEmpty() ? "" : ", was on version " + from);
      case "ALIAS_DELETED" -> "alias " + subject + " removed";
      case "PROMOTED" ->
          "promoted to " + subject + (from.isEmpty() ? "" : ", replaces version " + from);
      case "DEPLOYED" -> "served in " + subject;
      default -> Story.text(line, "kind");
    };
  }

  private static String shortened(String text) {
    return text.length() <= 40 ? text : text.substring(0, text.offsetByCodePoints(0, 39)) + "…";
  }

  /** The items of a list, page by page. */
  private static List<JsonNode> pages(GatewayClient gateway, String path, int most) {
    List<JsonNode> items = new ArrayList<>();
    var token = "";
    do {
      var page =
          gateway.get(token.isEmpty() ? path : path + "&pageToken=" + GatewayClient.encode(token));
      page.path("items").forEach(items::add);
      token = page.path("nextPageToken").asString("");
    } while (!token.isEmpty() && items.size() < most);
    return items;
  }

  private void json(List<JsonNode> items) {
    var array = GatewayClient.JSON.createArrayNode();
    items.forEach(array::add);
    terminal().line(array.toPrettyString());
  }

  private int with(Consumer<GatewayClient> work) {
    try (var gateway = Objects.requireNonNull(millrace).client()) {
      work.accept(gateway);
    }
    return 0;
  }

  private Terminal terminal() {
    return Objects.requireNonNull(millrace).terminal();
  }
}
