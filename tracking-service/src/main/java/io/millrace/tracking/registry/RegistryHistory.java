package io.millrace.tracking.registry;

import io.millrace.changes.Change;
import io.millrace.database.Row;
import io.millrace.database.Tx;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * The store of what ever happened to models. Rows are only added; the database refuses the rest.
 */
@Component
class RegistryHistory {

  private final Clock clock;

  RegistryHistory(Clock clock) {
    this.clock = clock;
  }

  /** What a line says beside who, when and of which model. */
  record Line(
      Transition kind,
      @Nullable Integer version,
      @Nullable String subject,
      @Nullable String was,
      @Nullable String became,
      @Nullable String requestId) {

    static Line of(Transition kind) {
      return new Line(kind, null, null, null, null, null);
    }

    static Line of(
        Transition kind, @Nullable String subject, @Nullable String was, @Nullable String became) {
      return new Line(kind, null, subject, was, became, null);
    }

    Line version(int number) {
      return new Line(kind, number, subject, was, became, requestId);
    }

    Line request(@Nullable String id) {
      return new Line(kind, version, subject, was, became, id);
    }
  }

  /**
   * Adds a line under the model's lock. The times of a model's lines never go backwards, even where
   * the clock does.
   */
  void add(Tx tx, long modelId, String name, Line line, Change change) {
    tx.update(
        """
        insert into registry_history
          (model_id, model_name, version, kind, subject, was, became, actor, reason, request_id, at)
        values ($1, $2, $3::int, $4, $5::text, $6::text, $7::text, $8, $9::text, $10::text,
          greatest($11::timestamptz, (select max(at) from registry_history
                                      where model_id = $1 and revision is null)))
        """,
        modelId,
        name,
        line.version(),
        line.kind().name(),
        line.subject(),
        line.was(),
        line.became(),
        change.by(),
        change.reason(),
        line.requestId(),
        clock.instant());
  }

  /** What the platform did in an environment. */
  record Served(
      Transition kind,
      String environment,
      String name,
      int version,
      @Nullable Integer previousVersion,
      long revision,
      @Nullable String cause,
      @Nullable String requestId,
      Instant at) {}

  /** Adds what the platform did, unless it is there. */
  void add(Tx tx, long modelId, Served served, Change change) {
    Integer previous = served.previousVersion();
    tx.update(
        """
        insert into registry_history
          (model_id, model_name, version, kind, subject, was, became, actor, reason, revision,
           cause, request_id, at)
        values ($1, $2, $3, $4, $5, $6::text, $7, $8, $9::text, $10, $11::text, $12::text, $13)
        on conflict do nothing
        """,
        modelId,
        served.name(),
        served.version(),
        served.kind().name(),
        served.environment(),
        previous == null ? null : previous.toString(),
        Integer.toString(served.version()),
        change.by(),
        change.reason(),
        served.revision(),
        served.cause(),
        served.requestId(),
        served.at());
  }

  /**
   * The number of the model that a name means: that which has it, else that which had it last. With
   * a time: that which has it now if it was there then, else that which had it then.
   */
  Optional<Long> model(Tx tx, String name, @Nullable Instant at) {
    Optional<Long> now =
        tx.queryOne(
            """
            select model_id from registered_models m where name = $1
              and ($2::timestamptz is null or exists (
                select 1 from registry_history h
                where h.model_id = m.model_id and h.at <= $2::timestamptz))
            """,
            row -> row.int8("model_id"),
            name,
            at);
    return now.or(
        () ->
            tx.queryOne(
                """
                select model_id from registry_history
                where model_name = $1 and ($2::timestamptz is null or at <= $2::timestamptz)
                order by at desc, seq desc limit 1
                """,
                row -> row.int8("model_id"),
                name,
                at));
  }

  /** Where a page of lines begins. */
  record Position(Instant at, long seq) {}

  /** The lines of a model, newest first. */
  List<HistoryEntry> of(
      Tx tx,
      long modelId,
      String name,
      @Nullable Integer version,
      @Nullable Position before,
      int limit) {
    return tx.query(
        """
        select * from registry_history
        where model_id = $1 and (model_id > 0 or model_name = $2)
          and ($3::int is null or version = $3::int)
          and ($4::timestamptz is null or (at, seq) < ($4::timestamptz, $5::bigint))
        order by at desc, seq desc limit $6
        """,
        RegistryHistory::entry,
        modelId,
        name,
        version,
        before == null ? null : before.at(),
        before == null ? null : before.seq(),
        limit);
  }

  /** The lines up to a time that say where a model's versions stand, oldest first. */
  List<HistoryEntry> standing(Tx tx, long modelId, String name, Instant at) {
    return tx.query(
        """
        select * from registry_history
        where model_id = $1 and (model_id > 0 or model_name = $2) and at <= $3
          and kind in ('MODEL_CREATED', 'MODEL_RENAMED', 'MODEL_DELETED', 'VERSION_CREATED',
                       'VERSION_DELETED', 'STAGE_CHANGED', 'ALIAS_SET', 'ALIAS_DELETED',
                       'PROMOTED', 'DEPLOYED')
        order by at, seq
        """,
        RegistryHistory::entry,
        modelId,
        name,
        at);
  }

  private static HistoryEntry entry(Row row) {
    return new HistoryEntry(
        row.int8("seq"),
        row.instant("at"),
        Transition.valueOf(row.string("kind")),
        row.string("model_name"),
        row.int4OrNull("version"),
        row.stringOrNull("subject"),
        row.stringOrNull("was"),
        row.stringOrNull("became"),
        row.string("actor"),
        row.stringOrNull("reason"),
        row.int8OrNull("revision"),
        row.stringOrNull("cause"),
        row.stringOrNull("request_id"));
  }
}
