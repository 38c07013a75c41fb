package io.millrace.tracking.metrics;

import io.millrace.database.Database;
import io.millrace.database.DatabaseUnavailable;
import io.millrace.database.Row;
import io.millrace.database.Tx;
import io.millrace.tracking.runs.Metric;
import io.millrace.tracking.runs.RunId;
import java.time.Duration;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.annotation.Lazy;
import org.springframework.scheduling.annotation.SchedulingConfigurer;
import org.springframework.scheduling.config.ScheduledTaskRegistrar;
import org.springframework.stereotype.Component;

/**
 * Tells the others of points that were logged. They wait in a table that the log call itself
 * writes, so nothing is forgotten, and leave a few times a second as one event a run: a client that
 * logs point by point would otherwise cost an event each.
 */
@Component
@Lazy(false)
class MetricNews implements SchedulingConfigurer {

  private static final Logger log = LoggerFactory.getLogger(MetricNews.class);
  private static final Duration PAUSE = Duration.ofMillis(400);
  private static final int AT_A_TIME = 1000;

  /** What another replica left when it ended is looked for every so many pauses. */
  private static final int LOOK_ANYWAY = 5;

  /** One replica tells at a time, so that a run's events leave in the order of its points. */
  private static final String TAKE =
      """
      with turn as materialized (
        select pg_try_advisory_xact_lock(hashtext(current_schema()), hashtext('metric_notes')) as mine
      ), next as materialized (
        select n.note_id from metric_notes n, turn where turn.mine order by n.note_id limit $1
      ), taken as (
        delete from metric_notes n using next where n.note_id = next.note_id
        returning n.note_id, n.run_id, n.total, n.points
      )
      select t.run_id, r.request_id, t.total, t.points
      from taken t join runs r using (run_id) order by t.note_id
      """;

  private static final String TAKE_OF_RUN =
      """
      with taken as (
        delete from metric_notes where run_id = $1 returning note_id, run_id, total, points
      )
      select t.run_id, r.request_id, t.total, t.points
      from taken t join runs r using (run_id) order by t.note_id
      """;

  private final Database database;
  private final MetricEvents events;
  private final AtomicBoolean some = new AtomicBoolean(true);
  private int pauses;

  MetricNews(Database database, MetricEvents events) {
    this.database = database;
    this.events = events;
  }

  /**
   * Points of a run that wait to be told of.
   *
   * @param total how many were stored
   * @param points some of them, the newest among them
   */
  record Item(String runId, @Nullable String requestId, long total, List<Metric> points) {

    static Item of(Row row) {
      return new Item(
          row.string("run_id"),
          row.stringOrNull("request_id"),
          row.int8("total"),
          MetricSample.read(row.string("points")));
    }

    /** Several of one run as one. */
    static Item of(List<Item> items) {
      return new Item(
          items.getFirst().runId,
          items.getFirst().requestId,
          items.stream().mapToLong(Item::total).sum(),
          items.stream()
              .flatMap(item -> item.points.stream())
              .sorted(MetricSample.NEWEST_LAST)
              .toList());
    }
  }

  /** There is something to tell soon. */
  void logged() {
    some.set(true);
  }

  /** Tells at once what waits of one run, so that it is told before what the caller tells next. */
  void tell(Tx tx, RunId id) {
    tell(tx, tx.query(TAKE_OF_RUN, Item::of, id.value()));
  }

  @Override
  public void configureTasks(ScheduledTaskRegistrar registrar) {
    registrar.addFixedDelayTask(this::tell, PAUSE);
  }

  private void tell() {
    if (!some.getAndSet(false) && ++pauses % LOOK_ANYWAY != 0) {
      return;
    }
    try {
      while (database.inTransaction(this::tellSome) == AT_A_TIME) {
        log.debug("{} notes told, and there are more", AT_A_TIME);
      }
    } catch (DatabaseUnavailable later) {
      some.set(true);
      log.debug("told of no metrics: {}", later.getMessage());
    }
  }

  private int tellSome(Tx tx) {
    List<Item> items = tx.query(TAKE, Item::of, AT_A_TIME);
    tell(tx, items);
    return items.size();
  }

  private void tell(Tx tx, List<Item> items) {
    events.logged(
        tx,
        items.stream()
            .collect(Collectors.groupingBy(Item::runId, TreeMap::new, Collectors.toList()))
            .values()
            .stream()
            .map(Item::of)
            .toList());
  }
}
