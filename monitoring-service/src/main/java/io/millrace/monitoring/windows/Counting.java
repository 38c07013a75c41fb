package io.millrace.monitoring.windows;

import io.micrometer.core.instrument.MeterRegistry;
import io.millrace.database.Database;
import io.millrace.database.Tx;
import io.millrace.datasets.Profile;
import io.millrace.events.PredictionLogged;
import io.millrace.monitoring.models.ModelKey;
import io.millrace.monitoring.models.ProfileState;
import io.millrace.monitoring.models.Watch;
import io.millrace.monitoring.models.Watches;
import io.millrace.pipeline.Pipeline;
import io.millrace.schemas.Topics;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Adds observations to windows together with the offsets they came from, in one transaction: a
 * record below the stored offset of its partition was counted before and is skipped, so neither a
 * restart nor a redelivery nor two consumers of one partition lose or double a row. A prediction
 * that comes again as another record is known by its event id.
 */
@Component
class Counting {

  private final Database database;
  private final Watches watches;
  private final Windows windows;
  private final CountedPredictions counted;
  private final Closing closing;
  private final MonitoringSettings settings;
  private final MeterRegistry meters;

  Counting(
      Database database,
      Watches watches,
      Windows windows,
      CountedPredictions counted,
      Closing closing,
      MonitoringSettings settings,
      MeterRegistry meters) {
    this.database = database;
    this.watches = watches;
    this.windows = windows;
    this.counted = counted;
    this.closing = closing;
    this.settings = settings;
    this.meters = meters;
  }

  /** A partition of one incarnation of the topic. */
  record Partition(String topicId, int number) implements Comparable<Partition> {
    @Override
    public int compareTo(Partition other) {
      int byTopic = topicId.compareTo(other.topicId);
      return byTopic != 0 ? byTopic : Integer.compare(number, other.number);
    }
  }

  /**
   * A record.
   *
   * @param id of the event
   * @param event null for one that could not be read
   */
  record Observed(Partition partition, long offset, UUID id, @Nullable PredictionLogged event) {}

  private record Identified(UUID id, PredictionLogged event) {}

  /** The batch cannot be counted before more is known of a model; nothing was changed. */
  static final class NotYet extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NotYet(String message) {
      super(message, null, false, false);
    }
  }

  /** What became of the rows of a batch. */
  private static final class Tally {
    private final Map<String, Long> rows = new HashMap<>();
    private final List<Closing.Closed> closed = new ArrayList<>();
    private long repeated;

    void add(String outcome, long count) {
      rows.merge(outcome, count, Long::sum);
    }
  }

  /**
   * Counts a batch.
   *
   * @param batch records in the order of their partitions
   * @param desiredStates end of the topic of desired states, read after the batch: once it is
   *     applied up to there, a prediction for another version than the watched one is known to be
   *     of an earlier one. Empty: not read yet.
   * @throws NotYet where a model is not known yet, or its profile is not here yet
   */
  void count(List<Observed> batch, OptionalLong desiredStates) {
    Tally tally = database.inTransaction(tx -> count(tx, batch, desiredStates));
    tally.rows.forEach(
        (outcome, rows) -> meters.counter("monitoring.rows", "outcome", outcome).increment(rows));
    meters.counter("monitoring.records.repeated").increment(tally.repeated);
    tally.closed.forEach(closing::tell);
  }

  /** Where each partition goes on; absent: at its beginning. */
  Map<Partition, Long> offsets() {
    return database.read(
        tx -> {
          Map<Partition, Long> next = new HashMap<>();
          tx.query(
                  "select topic_id, partition, next_offset from prediction_offsets",
                  row ->
                      Map.entry(
                          new Partition(row.string("topic_id"), row.int4("partition")),
                          row.int8("next_offset")))
              .forEach(entry -> next.put(entry.getKey(), entry.getValue()));
          return next;
        });
  }

  private Tally count(Tx tx, List<Observed> batch, OptionalLong desiredStates) {
    Tally tally = new Tally();
    Map<Partition, Long> next = lockOffsets(tx, batch);
    Map<ModelKey, List<Identified>> fresh = new TreeMap<>();
    for (Observed record : batch) {
      if (record.offset() < next.getOrDefault(record.partition(), 0L)) {
        tally.repeated++;
        continue;
      }
      next.put(record.partition(), record.offset() + 1);
      PredictionLogged event = record.event();
      if (event != null) {
        fresh
            .computeIfAbsent(
                new ModelKey(event.getEnvironment(), event.getModelName()),
                key -> new ArrayList<>())
            .add(new Identified(record.id(), event));
      }
    }
    for (Map.Entry<ModelKey, List<Identified>> model : fresh.entrySet()) {
      countModel(tx, model.getKey(), model.getValue(), desiredStates, tally);
    }
    storeOffsets(tx, next);
    return tally;
  }

  private void countModel(
      Tx tx, ModelKey key, List<Identified> received, OptionalLong desiredStates, Tally tally) {
    List<PredictionLogged> events = received.stream().map(Identified::event).toList();
    // Before the watch is read: what is applied now, the statement after this one sees.
    boolean applied = applied(tx, desiredStates);
    Optional<Watch> found = watches.lock(tx, key);
    boolean allKnown =
        found.isPresent() && events.stream().allMatch(e -> e.getVersion() == found.get().version());
    if (!allKnown && !applied) {
      throw new NotYet("the desired state of " + key + " is not known yet");
    }
    if (found.isEmpty() || !found.get().active()) {
      tally.add("unwatched", rows(events));
      return;
    }
    Watch watch = found.get();
    if (watch.profileState() == ProfileState.PENDING
        && Duration.between(watch.since(), Instant.now()).compareTo(settings.profileWait()) < 0) {
      throw new NotYet("the reference profile of " + key + " is not here yet");
    }
    Pipeline pipeline = watch.pipeline();
    Profile profile = watch.profile();
    if (pipeline == null || profile == null || !pipeline.monitor().drift().auto()) {
      tally.add("unwatched", rows(events));
      return;
    }
    List<Identified> current =
        received.stream().filter(e -> e.event().getVersion() == watch.version()).toList();
    if (current.size() < events.size()) {
      tally.add(
          "other-version", rows(events) - rows(current.stream().map(Identified::event).toList()));
    }
    List<PredictionLogged> once = once(tx, current, tally);
    Layout layout = new Layout(profile);
    Integer rowsPerWindow = pipeline.monitor().rows();
    Duration length = pipeline.monitor().window();
    if (rowsPerWindow != null) {
      countByRows(tx, watch, pipeline, profile, layout, once, rowsPerWindow, tally);
    } else if (length != null) {
      countByTime(tx, watch, layout, once, length, tally);
    }
  }

  /** Those that were not counted under an earlier offset, each once. */
  private List<PredictionLogged> once(Tx tx, List<Identified> received, Tally tally) {
    if (received.isEmpty()) {
      return List.of();
    }
    Set<UUID> uncounted = counted.add(tx, received.stream().map(Identified::id).toList());
    List<PredictionLogged> once =
        received.stream().filter(e -> uncounted.remove(e.id())).map(Identified::event).toList();
    tally.repeated += received.size() - once.size();
    return once;
  }

  private void countByRows(
      Tx tx,
      Watch locked,
      Pipeline pipeline,
      Profile profile,
      Layout layout,
      List<PredictionLogged> events,
      int rowsPerWindow,
      Tally tally) {
    if (events.isEmpty()) {
      return;
    }
    Watch watch = locked;
    Windows.Filling window = windows.filling(tx, watch);
    long number = window.number();
    long before = window.rows();
    long[] counts = new long[layout.length()];
    long added = 0;
    Instant first = null;
    Instant last = null;
    for (PredictionLogged event : events) {
      int from = 0;
      while (from < event.getRows().size()) {
        int to = (int) Math.min(event.getRows().size(), from + rowsPerWindow - before - added);
        layout.add(
            counts,
            event.getColumns(),
            event.getRows().subList(from, to),
            sublist(event.getPredictions(), from, to));
        added += to - from;
        from = to;
        Instant at = event.getTimestamp();
        first = first == null || at.isBefore(first) ? at : first;
        last = last == null || at.isAfter(last) ? at : last;
        if (before + added >= rowsPerWindow) {
          windows.add(tx, watch, number, false, first, last.plusMillis(1), added, counts);
          tally.add("counted", added);
          Windows.Summary full =
              windows.find(tx, watch.key(), watch.revision(), number).orElseThrow();
          tally.closed.add(closing.close(tx, watch, pipeline, profile, full));
          watch = watches.find(tx, watch.key()).orElseThrow();
          number++;
          before = 0;
          added = 0;
          counts = new long[layout.length()];
          first = null;
          last = null;
        }
      }
    }
    if (added > 0 && first != null && last != null) {
      windows.add(tx, watch, number, false, first, last.plusMillis(1), added, counts);
      tally.add("counted", added);
    }
  }

  private void countByTime(
      Tx tx,
      Watch watch,
      Layout layout,
      List<PredictionLogged> events,
      Duration length,
      Tally tally) {
    long millis = length.toMillis();
    Map<Long, List<PredictionLogged>> byWindow = new TreeMap<>();
    for (PredictionLogged event : events) {
      byWindow
          .computeIfAbsent(
              Math.floorDiv(event.getTimestamp().toEpochMilli(), millis), n -> new ArrayList<>())
          .add(event);
    }
    byWindow.forEach(
        (number, those) -> {
          long[] counts = new long[layout.length()];
          for (PredictionLogged event : those) {
            layout.add(counts, event.getColumns(), event.getRows(), event.getPredictions());
          }
          Instant start = Instant.ofEpochMilli(number * millis);
          long rows = rows(those);
          if (windows.add(tx, watch, number, true, start, start.plusMillis(millis), rows, counts)) {
            tally.add("counted", rows);
          } else {
            windows.late(tx, watch, number, rows);
            tally.add("late", rows);
          }
        });
  }

  private boolean applied(Tx tx, OptionalLong desiredStates) {
    return desiredStates.isPresent()
        && watches.appliedUpTo(tx, Topics.DESIRED_STATE.name(), 0) >= desiredStates.getAsLong();
  }

  private static Map<Partition, Long> lockOffsets(Tx tx, List<Observed> batch) {
    Map<Partition, Long> next = new TreeMap<>();
    batch.stream()
        .map(Observed::partition)
        .distinct()
        .sorted()
        .forEach(
            partition -> {
              tx.update(
                  """
                  insert into prediction_offsets (topic_id, partition, next_offset)
                  values ($1, $2, 0) on conflict do nothing
                  """,
                  partition.topicId(),
                  partition.number());
              tx.queryOne(
                      """
                      select next_offset from prediction_offsets
                      where topic_id = $1 and partition = $2 for update
                      """,
                      row -> row.int8("next_offset"),
                      partition.topicId(),
                      partition.number())
                  .ifPresent(offset -> next.put(partition, offset));
            });
    return next;
  }

  private static void storeOffsets(Tx tx, Map<Partition, Long> next) {
    next.forEach(
        (partition, offset) ->
            tx.update(
                """
                update prediction_offsets set next_offset = $3
                where topic_id = $1 and partition = $2
                """,
                partition.topicId(),
                partition.number(),
                offset));
  }

  private static long rows(List<PredictionLogged> events) {
    return events.stream().mapToLong(e -> e.getRows().size()).sum();
  }

  private static List<Object> sublist(List<Object> values, int from, int to) {
    return from >= values.size() ? List.of() : values.subList(from, Math.min(to, values.size()));
  }
}
