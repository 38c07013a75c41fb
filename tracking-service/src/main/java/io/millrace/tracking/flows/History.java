package io.millrace.tracking.flows;

import io.millrace.database.Database;
import io.millrace.database.Row;
import io.millrace.database.Tx;
import io.millrace.schemas.Topics;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * The history of all events as a log that is read in order: an event becomes visible after every
 * event with a smaller place, so a reader that remembers its place misses none and sees none twice.
 */
@Component
public class History {

  // A request knows its pipeline before any event of its flow is written; the flow, which hears of
  // it from those events, perhaps after. What becomes of a pipeline itself has its name as key.
  private static final String ENTRIES =
      """
      select e.*,
        coalesce(r.pipeline_name, f.pipeline, case when e.topic = '%s' then e.key end) as pipeline
      from flow_events e
      left join flows f on f.request_id = e.flow_id
      left join requests r on r.request_id = e.flow_id
      """
          .formatted(Topics.PIPELINES.name());

  private final Database database;

  History(Database database) {
    this.database = database;
  }

  /**
   * An event with what it is about.
   *
   * @param source CloudEvents source; with the id it names the event
   * @param modelName null for what is not about a model
   * @param pipeline the pipeline it is about, or that of the request it belongs to; null where
   *     there is none
   */
  public record Entry(
      FlowEvent event, String source, @Nullable String modelName, @Nullable String pipeline) {}

  /** Place of the newest event, 0 in an empty history. */
  public long head(Tx tx) {
    return tx.query(
            "select coalesce(max(seq), 0) as head from flow_events", row -> row.int8("head"))
        .getFirst();
  }

  /** Events behind a place, in order. */
  public List<Entry> after(Tx tx, long place, int limit) {
    return tx.query(
        ENTRIES + " where e.seq > $1 order by e.seq limit $2", History::entry, place, limit);
  }

  /** Events behind a place that happened in a time, its end not included, in order. */
  public List<Entry> between(Tx tx, Instant from, Instant to, long place, int limit) {
    return tx.query(
        ENTRIES + " where e.seq > $1 and e.time >= $2 and e.time < $3 order by e.seq limit $4",
        History::entry,
        place,
        from,
        to,
        limit);
  }

  /** The channel that PostgreSQL notifies of new events at their commit. */
  public String channel() {
    return "millrace_flow_events_" + database.settings().schema();
  }

  private static Entry entry(Row row) {
    return new Entry(
        Flows.event(row),
        row.string("source"),
        row.stringOrNull("model_name"),
        row.stringOrNull("pipeline"));
  }
}
