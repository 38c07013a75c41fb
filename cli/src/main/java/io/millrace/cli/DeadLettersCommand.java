package io.millrace.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Lists, shows and replays dead letters. */
@Command(name = "dlq", description = "List, show and replay records that no handler could process.")
final class DeadLettersCommand implements Runnable {

  @ParentCommand @Nullable Millrace millrace;

  @Override
  public void run() {
    list(null);
  }

  @Command(description = "List dead letters with their reasons.")
  int list(
      @Option(names = "--topic", paramLabel = "NAME", description = "Only of this topic.")
          @Nullable String topic) {
    var root = Objects.requireNonNull(millrace);
    try (var gateway = root.client()) {
      List<List<@Nullable String>> rows = new ArrayList<>();
      var query = topic == null ? "" : "?topic=" + GatewayClient.encode(topic);
      for (var letter : gateway.get("/api/v1/dead-letters" + query).path("items")) {
        rows.add(
            List.of(
                letterId(
                    Story.text(letter, "topic"),
                    letter.path("partition").asInt(),
                    letter.path("offset").asLong()),
                Story.text(letter, "reason"),
                Story.text(letter, "time"),
                Story.text(letter, "message")));
      }
      if (rows.isEmpty()) {
        root.terminal().line("No dead letters.");
      } else {
        root.terminal().table(0, List.of("letter", "reason", "time", "message"), rows);
      }
    }
    return 0;
  }

  @Command(description = "Show one dead letter whole.")
  int show(
      @Parameters(paramLabel = "LETTER", description = "As listed: topic/partition/offset.")
          String letter) {
    var root = Objects.requireNonNull(millrace);
    try (var gateway = root.client()) {
      root.terminal().line(gateway.get("/api/v1/dead-letters/" + checked(letter)).toPrettyString());
    }
    return 0;
  }

  @Command(description = "Publish one dead letter to its topic again, after the cause was mended.")
  int replay(
      @Parameters(paramLabel = "LETTER", description = "As listed: topic/partition/offset.")
          String letter) {
    var root = Objects.requireNonNull(millrace);
    try (var gateway = root.client()) {
      gateway.post("/api/v1/dead-letters/" + checked(letter) + "/replay", Map.of());
      root.terminal().line("Published again: " + letter);
    }
    return 0;
  }

  private static String letterId(String topic, int partition, long offset) {
    return topic + "/" + partition + "/" + offset;
  }

  private static String checked(String letter) {
    if (!letter.matches("[\\w.\\-]+/\\d+/\\d+")) {
      throw new CliFailure(
          "`" + letter + "` is not topic/partition/offset, as `./millrace dlq list` shows it.");
    }
    return letter;
  }
}
