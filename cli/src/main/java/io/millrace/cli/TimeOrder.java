package io.millrace.cli;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Puts events that arrive shortly after one another in the order in which they happened. One thread
 * fills it, another takes from it.
 */
final class TimeOrder {

  /** How long an event waits for one that happened before it: too short to be seen. */
  static final Duration WINDOW = Duration.ofMillis(200);

  private sealed interface Arrival {

    /** Due at this {@link System#nanoTime()}. */
    record Event(JsonNode event, Instant time, long seq, long due) implements Arrival {

      boolean isRequest() {
        return event.path("type").asString("").equals("TrainRequested");
      }
    }

    /** The stream failed. */
    record End(RuntimeException failure) implements Arrival {}
  }

  /** A request comes first, though the clock of who asked may be ahead of the platform's. */
  private static final Comparator<Arrival.Event> ORDER =
      Comparator.comparing((Arrival.Event event) -> !event.isRequest())
          .thenComparing(Arrival.Event::time)
          .thenComparing(Arrival.Event::seq);

  private final LinkedBlockingQueue<Arrival> arrived = new LinkedBlockingQueue<>();
  private final PriorityQueue<Arrival.Event> held = new PriorityQueue<>(ORDER);
  private Arrival.@Nullable End end;

  /** Reads a stream until this thread is interrupted or the stream fails. */
  void fill(EventStream stream, Duration giveUpAfter) {
    try {
      stream.forEach(
          event -> {
            add(event);
            return true;
          },
          giveUpAfter);
    } catch (RuntimeException failure) {
      arrived.add(new Arrival.End(failure));
    }
  }

  void add(JsonNode event) {
    arrived.add(
        new Arrival.Event(
            event,
            Instant.parse(event.path("time").asString()),
            event.path("seq").asLong(),
            System.nanoTime() + WINDOW.toNanos()));
  }

  /**
   * The next event; waits for it.
   *
   * @throws RuntimeException the stream's own failure, after all that had arrived
   */
  JsonNode take() throws InterruptedException {
    while (true) {
      var first = held.peek();
      if (first != null && (end != null || first.due() <= System.nanoTime())) {
        return held.remove().event();
      }
      if (end != null) {
        throw end.failure();
      }
      var next =
          first == null
              ? arrived.take()
              : arrived.poll(first.due() - System.nanoTime(), TimeUnit.NANOSECONDS);
      switch (next) {
        case Arrival.Event event -> held.add(event);
        case Arrival.End last -> end = last;
        case null -> {
          // The first one waited long enough.
        }
      }
    }
  }
}
