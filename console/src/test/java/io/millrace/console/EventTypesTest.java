package io.millrace.console;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.schemas.Topic;
import io.millrace.schemas.Topics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.junit.jupiter.api.Test;

class EventTypesTest {

  /** The stream names its events, and a browser hears only names it listens to. */
  @Test
  void consoleListensToEveryEventOfTheHistory() throws IOException {
    String source = Files.readString(Path.of("src/main/ui/events.ts"));
    String list = source.substring(source.indexOf("EVENT_TYPES = ["), source.indexOf("] as const"));
    List<String> heard =
        Pattern.compile("'([A-Za-z]+)'")
            .matcher(list)
            .results()
            .map(type -> type.group(1))
            .toList();
    Stream<String> catalogue =
        Topics.all().stream()
            .filter(Topic::history)
            .flatMap(topic -> topic.schemas().stream())
            .map(Schema::getName);
    assertThat(heard)
        .containsExactlyInAnyOrderElementsOf(
            Stream.concat(catalogue, Stream.of("DeadLettered")).toList());
  }
}
