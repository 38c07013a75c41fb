package io.millrace.tracking.metrics;

import io.millrace.database.Database;
import io.millrace.database.DatabaseUnavailable;
import io.millrace.database.Row;
import io.millrace.database.Tx;
import io.millrace.tracking.runs.Metric;
import io.millrace.tracking.runs.RunId;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
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
 * logs point by point would otherwise cost an event each. Several replicas share the work.
 */
@Component
@Lazy(false)
class MetricNews implements SchedulingConfigurer {

  private static final Logger log = LoggerFactory.getLogger(MetricNews.class);
  private static final Duration PAUSE = Duration.ofMillis(100);
  private static final int AT_A_TIME = 100;

  /** What another replica left when it ended is looked for every so many pauses. */
  private static final int LOOK_ANYWAY = 20;

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
          MetricSample.read(row.json("points")));
    }
  }

  /** There is something to tell soon. */
  void logged() {
    some.set(true);
  }

  /** Tells at once what waits of one run, so that it is told before what the caller tells next. */
  void tell(Tx tx, RunId id) {
    tx.query(
            """
            delete from metric_news n using runs r where n.run_id = $1 and r.run_id = n.run_id
            returning n.run_id, r.request_id, n.total, n.points
            """,
            Item::of,
            id.value())
        .forEach(item -> events.logged(tx, item));
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
        log.debug("told of {} runs, and there are more", AT_A_TIME);
      }
    } catch (DatabaseUnavailable later) {
      some.set(true);
      log.debug("told of no metrics: {}", later.getMessage());
    }
  }

  private int tellSome(Tx tx) {
    List<Item> items =
        tx.query(
            """
            delete from metric_news n using runs r
            where r.run_id = n.run_id and n.run_id in (
              select run_id from metric_news order by run_id limit $1 for update skip locked)
            returning n.run_id, r.request_id, n.total, n.points
            """,
            Item::of,
            AT_A_TIME);
    items.forEach(item -> events.logged(tx, item));
    return items.size();
  }
}
