package io.millrace.tracking.metrics;

import io.millrace.database.Database;
import io.millrace.database.DatabaseFailure;
import io.millrace.database.UniqueViolation;
import io.millrace.tracking.runs.Metric;
import io.millrace.tracking.runs.RunId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.springframework.stereotype.Component;

/**
 * Commits log calls, those that come at the same time in one statement: while one is written, the
 * others gather. A single point costs PostgreSQL little; what it costs is the round trip, the plan
 * and the wait for the disk, which so many calls share. A call returns after the commit that has
 * its points, and its points are stored all or not at all. One call alone waits for nobody.
 */
@Component
class MetricWriter {

  /** What one statement takes at most; one call may have 1000 points. */
  private static final int MOST_CALLS = 128;

  private static final int MOST_POINTS = 2000;

  /**
   * A call that comes while a statement is under way need not wait for it and then for its own: at
   * an ordinary load that was most of its time. Where calls come faster, two statements gather them
   * as one would.
   */
  private static final int ALWAYS = 2;

  /** So many points waiting are worth more statements beside those under way. */
  private static final int WORTH_ANOTHER = 500;

  private static final int MOST_STATEMENTS = 4;

  private final Database database;
  private final Metrics metrics;

  private final Deque<Call> waiting = new ArrayDeque<>();
  private int pointsWaiting;
  private int statements;

  MetricWriter(Database database, Metrics metrics) {
    this.database = database;
    this.metrics = metrics;
  }

  private record Call(
      RunId run, List<Metric> points, CompletableFuture<Optional<Metrics.Written>> answer) {}

  /**
   * Stores points of a run; those that it has already are left out.
   *
   * @return empty where there is no such run; the number stored is that of all calls for the run
   *     which were committed together, and told to one of them alone
   */
  Optional<Metrics.Written> write(RunId run, List<Metric> points) {
    Call call = new Call(run, points, new CompletableFuture<>());
    boolean start;
    synchronized (waiting) {
      waiting.add(call);
      pointsWaiting += points.size();
      start =
          statements < ALWAYS || (pointsWaiting >= WORTH_ANOTHER && statements < MOST_STATEMENTS);
      if (start) {
        statements++;
      }
    }
    if (start) {
      // Not on the caller's thread: a caller that is interrupted would take the others' points
      // along.
      Thread.ofVirtual().name("metric-writer").start(this::writeWaiting);
    }
    try {
      return call.answer().join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException failure ? failure : e;
    }
  }

  private void writeWaiting() {
    for (List<Call> calls = next(); !calls.isEmpty(); calls = next()) {
      write(calls);
    }
  }

  /** The calls of the next statement; none where this writer has nothing more to do. */
  private List<Call> next() {
    List<Call> calls = new ArrayList<>();
    synchronized (waiting) {
      int points = 0;
      while (!waiting.isEmpty()
          && calls.size() < MOST_CALLS
          && (calls.isEmpty() || points + waiting.getFirst().points().size() <= MOST_POINTS)) {
        Call call = waiting.removeFirst();
        points += call.points().size();
        calls.add(call);
      }
      pointsWaiting -= points;
      if (calls.isEmpty()) {
        statements--;
      }
    }
    return calls;
  }

  private void write(List<Call> calls) {
    try {
      answer(calls, store(calls));
    } catch (DatabaseFailure failure) {
      if (calls.size() == 1) {
        calls.getFirst().answer().completeExceptionally(failure);
      } else {
        // Perhaps one of them cannot be stored; the others can.
        calls.forEach(call -> write(List.of(call)));
      }
    } catch (RuntimeException | Error failure) {
      calls.forEach(call -> call.answer().completeExceptionally(failure));
    }
  }

  private Map<RunId, Metrics.Written> store(List<Call> calls) {
    SortedMap<RunId, List<Metric>> points = new TreeMap<>(Comparator.comparing(RunId::value));
    for (Call call : calls) {
      points.computeIfAbsent(call.run(), run -> new ArrayList<>()).addAll(call.points());
    }
    try {
      return database.once(tx -> metrics.writeNew(tx, points));
    } catch (UniqueViolation someAreThere) {
      return database.once(tx -> metrics.write(tx, points));
    }
  }

  private static void answer(List<Call> calls, Map<RunId, Metrics.Written> written) {
    for (Call call : calls) {
      Optional<Metrics.Written> own = Optional.ofNullable(written.get(call.run()));
      own.ifPresent(told -> written.put(call.run(), told.toldAlready()));
      call.answer().complete(own);
    }
  }
}
