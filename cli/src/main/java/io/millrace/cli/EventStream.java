package io.millrace.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The platform's events as they happen, read from `GET /api/v1/events`. A broken connection is
 * opened again from the last event seen, so that nothing is missed and nothing comes twice.
 */
public final class EventStream {

  private static final Duration PAUSE = Duration.ofMillis(300);

  private final GatewayClient gateway;
  private final Map<String, String> filters = new LinkedHashMap<>();
  private @Nullable String lastEventId;

  public EventStream(GatewayClient gateway) {
    this.gateway = gateway;
  }

  /** Only events that match, for example `flow` or `type` (comma list). */
  public EventStream where(String filter, @Nullable String value) {
    if (value != null) {
      filters.put(filter, value);
    }
    return this;
  }

  /** Starts behind this sequence number; 0 is the beginning of what is kept. */
  public EventStream after(long seq) {
    lastEventId = Long.toString(seq);
    return this;
  }

  /**
   * Hands over events until the reader has enough.
   *
   * @param reader gets each event (`seq`, `type`, `flowId`, `time`, `data`, ...), returns false to
   *     stop
   * @param giveUpAfter how long to go on trying when the gateway does not answer
   * @throws CliFailure where the gateway stays away, or refuses the filters
   */
  public void forEach(Predicate<JsonNode> reader, Duration giveUpAfter) {
    long awaySince = 0;
    while (true) {
      try (var lines = open()) {
        awaySince = 0;
        if (!read(lines.iterator(), reader)) {
          return;
        }
      } catch (IOException | UncheckedIOException e) {
        var now = System.nanoTime();
        awaySince = awaySince == 0 ? now : awaySince;
        if (now - awaySince > giveUpAfter.toNanos()) {
          throw new CliFailure(
              CliFailure.UNREACHABLE,
              "The event stream at " + gateway.address() + " stays away: " + e.getMessage());
        }
      }
      pause();
    }
  }

  /**
   * The same, in the order of the events' times. They come from several topics, so that an answer
   * may arrive before its cause: each event is held back for {@link TimeOrder#WINDOW}, and goes
   * behind those that happened before it.
   */
  public void forEachByTime(Predicate<JsonNode> reader, Duration giveUpAfter) {
    var order = new TimeOrder();
    var arrivals = Thread.ofVirtual().start(() -> order.fill(this, giveUpAfter));
    try {
      var more = true;
      while (more) {
        more = reader.test(order.take());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CliFailure("Interrupted.");
    } finally {
      arrivals.interrupt();
    }
  }

  private java.util.stream.Stream<String> open() throws IOException {
    try {
      var response = gateway.stream(path(), lastEventId);
      if (response.statusCode() == 503) {
        response.body().close();
        throw new IOException("the event stream answers 503");
      }
      if (response.statusCode() != 200) {
        var said = String.join("\n", response.body().toList());
        throw new CliFailure("The event stream answered " + response.statusCode() + ": " + said);
      }
      return response.body();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CliFailure("Interrupted.");
    }
  }

  private String path() {
    var query = new ArrayList<String>();
    filters.forEach((name, value) -> query.add(name + "=" + GatewayClient.encode(value)));
    return query.isEmpty() ? "/api/v1/events" : "/api/v1/events?" + String.join("&", query);
  }

  /** True where the connection ended, false where the reader had enough. */
  private boolean read(java.util.Iterator<String> lines, Predicate<JsonNode> reader) {
    List<String> data = new ArrayList<>();
    String id = null;
    while (lines.hasNext()) {
      var line = lines.next();
      if (line.isEmpty()) {
        if (!data.isEmpty()) {
          var event = GatewayClient.JSON.readTree(String.join("\n", data));
          data.clear();
          if (id != null) {
            lastEventId = id;
          }
          if (!reader.test(event)) {
            return false;
          }
        }
        id = null;
      } else if (line.startsWith("data:")) {
        data.add(line.substring(5).stripLeading());
      } else if (line.startsWith("id:")) {
        id = line.substring(3).strip();
      }
    }
    return true;
  }

  private static void pause() {
    try {
      Thread.sleep(PAUSE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CliFailure("Interrupted.");
    }
  }
}
