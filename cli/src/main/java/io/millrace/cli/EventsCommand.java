package io.millrace.cli;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Shows events as they happen. */
@Command(name = "events", description = "Show events as they happen; Ctrl-C stops.")
final class EventsCommand implements Callable<Integer> {

  @ParentCommand @Nullable Millrace millrace;

  @Option(
      names = "--type",
      paramLabel = "A,B",
      description = "Only these types, for example DriftDetected,DriftResolved.")
  @Nullable String type;

  @Option(names = "--flow", paramLabel = "REQUEST", description = "Only this request's.")
  @Nullable String flow;

  @Option(names = "--run", paramLabel = "RUN", description = "Only this run's.")
  @Nullable String run;

  @Option(names = "--model", paramLabel = "NAME", description = "Only this model's.")
  @Nullable String model;

  @Option(
      names = "--after",
      paramLabel = "SEQ",
      description = "Begin behind this event; 0 is the beginning.")
  @Nullable Long after;

  @Option(names = "--count", paramLabel = "N", description = "Stop after so many.")
  long count = Long.MAX_VALUE;

  @Option(names = "--json", description = "One JSON object a line.")
  boolean json;

  @Override
  public Integer call() {
    var root = Objects.requireNonNull(millrace);
    var terminal = root.terminal();
    try (var gateway = root.client()) {
      var stream =
          new EventStream(gateway)
              .where("type", type)
              .where("flow", flow)
              .where("run", run)
              .where("model", model);
      if (after != null) {
        stream.after(after);
      }
      var left = new long[] {count};
      stream.forEach(
          event -> {
            if (json) {
              terminal.line(event.toString());
            } else {
              terminal.line(
                  "%-27s  %-25s  %-32s  %s"
                      .formatted(
                          Story.text(event, "time"),
                          Story.text(event, "type"),
                          Story.text(event, "key"),
                          shortened(event.path("data").toString())));
            }
            return --left[0] > 0;
          },
          Duration.ofSeconds(20));
      return 0;
    }
  }

  private static String shortened(String text) {
    return text.length() > 160 ? text.substring(0, 157) + "..." : text;
  }
}
