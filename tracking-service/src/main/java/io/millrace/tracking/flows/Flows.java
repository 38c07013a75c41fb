package io.millrace.tracking.flows;

import io.millrace.database.Database;
import io.millrace.database.Row;
import io.millrace.database.Tx;
import io.millrace.tracking.flows.FlowSteps.Step;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The store of the history and of the flows it tells of. */
@Component
class Flows {

  private static final String FILTERED =
      """
       and ($1::text[] is null or type = any($1::text[])) and ($2::text is null or flow_id = $2)
       and ($3::text is null or run_id = $3) and ($4::text is null or model_name = $4)
      """;

  private final Database database;

  Flows(Database database) {
    this.database = database;
  }

  /** What a reader of the history wants to see; null means everything. */
  record Filter(
      String @Nullable [] types,
      @Nullable String flow,
      @Nullable String run,
      @Nullable String model) {
    static final Filter ALL = new Filter(null, null, null, null);

    /** The events of one flow. */
    static Filter flow(String id) {
      return new Filter(null, id, null, null);
    }
  }

  /**
   * Adds an event unless it is there, and brings its flow up to date.
   *
   * @return whether it was new
   */
  boolean append(Tx tx, NewFlowEvent event) {
    if (!insert(tx, event)) {
      return false;
    }
    if (event.flowId() != null) {
      project(tx, event, event.flowId());
    }
    return true;
  }

  private static boolean insert(Tx tx, NewFlowEvent event) {
    return tx.update(
            """
            with gate as materialized (
              select pg_advisory_xact_lock(hashtext(current_schema()), hashtext('flow events')))
            insert into flow_events (source, event_id, type, flow_id, key, run_id, model_name, time,
                                     topic, partition, record_offset, data)
            select $1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text,
                   $8::timestamptz, $9::text, $10::integer, $11::bigint, $12::json
            from gate
            on conflict do nothing
            """,
            event.source(),
            event.id(),
            event.type(),
            event.flowId(),
            event.key(),
            event.runId(),
            event.modelName(),
            event.time(),
            event.topic(),
            event.partition(),
            event.offset(),
            event.data())
        == 1;
  }

  private static void project(Tx tx, NewFlowEvent event, String flowId) {
    boolean step = FlowStatus.after(event.type(), event.topic()).isPresent();
    FlowStatus status = step ? FlowSteps.status(steps(tx, flowId)) : FlowStatus.REQUESTED;
    tx.update(
        """
        insert into flows as f (request_id, status, pipeline, model_name, version, run_ids,
                                requested_by, started_at, updated_at)
        values ($1, $2, $3::text, $4::text, $5::integer, $6::text[], $7::text, $8, $8)
        on conflict (request_id) do update set
          status = case when $9 then excluded.status else f.status end,
          pipeline = coalesce(f.pipeline, excluded.pipeline),
          model_name = coalesce(f.model_name, excluded.model_name),
          version = coalesce(f.version, excluded.version),
          run_ids = array(select distinct id from unnest(f.run_ids || excluded.run_ids) id order by id),
          requested_by = coalesce(f.requested_by, excluded.requested_by),
          started_at = least(f.started_at, excluded.started_at),
          updated_at = greatest(f.updated_at, excluded.updated_at)
        """,
        flowId,
        status.name(),
        event.pipeline(),
        event.modelName(),
        event.version(),
        event.runIds().toArray(String[]::new),
        event.requestedBy(),
        event.time(),
        step);
  }

  private static List<Step> steps(Tx tx, String flowId) {
    List<Optional<Step>> steps =
        tx.query(
            """
            select type, topic, data ->> 'environment' as environment,
              coalesce((data ->> 'revision')::bigint, 0) as revision,
              type = 'TrainingFailed' and data ->> 'reason' = 'worker-lost' as lost,
              type = 'RunRecovered' and data ->> 'attempt' is not null as recovered,
              min(time) as time, count(*) as times
            from flow_events where flow_id = $1 and type = any($2::text[])
            group by 1, 2, 3, 4, 5, 6
            """,
            row ->
                FlowStatus.after(row.string("type"), row.string("topic"))
                    .map(
                        status ->
                            new Step(
                                status,
                                row.stringOrNull("environment"),
                                row.int8("revision"),
                                row.instant("time"),
                                row.bool("lost")
                                    ? row.int8("times")
                                    : row.bool("recovered") ? -row.int8("times") : 0)),
            flowId,
            FlowStatus.entries().toArray(String[]::new));
    return steps.stream().flatMap(Optional::stream).toList();
  }

  Optional<Flow> find(Tx tx, String requestId) {
    return tx.queryOne("select * from flows where request_id = $1", Flows::flow, requestId);
  }

  /** Newest first; the page begins after a start time and id. */
  List<Flow> list(Tx tx, Instant startedBefore, String idAfter, int limit) {
    return tx.query(
        """
        select * from flows
        where started_at < $1 or (started_at = $1 and request_id > $2)
        order by started_at desc, request_id limit $3
        """,
        Flows::flow,
        startedBefore,
        idAfter,
        limit);
  }

  List<FlowEvent> events(Tx tx, Filter filter, long after, int limit) {
    return tx.query(
        "select * from flow_events where seq > $5" + FILTERED + " order by seq limit $6",
        Flows::event,
        filter.types(),
        filter.flow(),
        filter.run(),
        filter.model(),
        after,
        limit);
  }

  /** Events after one and up to another place; the connection is free again when they are here. */
  Mono<List<FlowEvent>> events(Filter filter, long after, long upTo, int limit) {
    return database.stream(
            "select * from flow_events where seq > $5 and seq <= $6"
                + FILTERED
                + " order by seq limit $7",
            Flows::event,
            filter.types(),
            filter.flow(),
            filter.run(),
            filter.model(),
            after,
            upTo,
            limit)
        .collectList();
  }

  /** Place of the newest event, 0 in an empty history. */
  Mono<Long> head() {
    Flux<Long> head =
        database.stream(
            "select coalesce(max(seq), 0) as head from flow_events", row -> row.int8("head"));
    return head.single();
  }

  /** Deletes old events, at most so many; returns how many. */
  long prune(Tx tx, Duration keep, Duration keepMetrics, int limit) {
    return tx.update(
        """
        delete from flow_events where seq in (
          (select seq from flow_events where time < now() - make_interval(secs => $1) limit $3)
          union all
          (select seq from flow_events
           where type = 'MetricsLogged' and time < now() - make_interval(secs => $2) limit $3)
          union all
          (select seq from flow_events
           where type = 'LoggedModelMetricsLogged' and time < now() - make_interval(secs => $2)
           limit $3)
          union all
          (select seq from flow_events
           where type = 'ArtifactStored' and time < now() - make_interval(secs => $2) limit $3))
        """,
        (double) keep.toSeconds(),
        (double) keepMetrics.toSeconds(),
        limit);
  }

  private static Flow flow(Row row) {
    return new Flow(
        row.string("request_id"),
        FlowStatus.valueOf(row.string("status")),
        row.stringOrNull("pipeline"),
        row.stringOrNull("model_name"),
        row.int4OrNull("version"),
        List.of(row.array("run_ids", String[].class)),
        row.stringOrNull("requested_by"),
        row.instant("started_at"),
        row.instant("updated_at"));
  }

  static FlowEvent event(Row row) {
    return new FlowEvent(
        row.int8("seq"),
        row.string("event_id"),
        row.string("type"),
        row.stringOrNull("flow_id"),
        row.string("key"),
        row.instant("time"),
        row.string("topic"),
        row.int4("partition"),
        row.int8("record_offset"),
        row.json("data"));
  }
}
