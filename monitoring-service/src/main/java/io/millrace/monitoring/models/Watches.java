package io.millrace.monitoring.models;

import io.millrace.database.Row;
import io.millrace.database.Tx;
import io.millrace.datasets.DatasetException;
import io.millrace.datasets.Profile;
import io.millrace.events.DesiredState;
import io.millrace.pipeline.InvalidPipeline;
import io.millrace.pipeline.Pipeline;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The watched models. */
@Component
public class Watches {

  private static final String ALL =
      """
      select environment, model_name, version, revision, active, request_id, pipeline, profile_state,
             profile, note, since, drift_state, streak, alert_open
      from watches
      """;

  /** Parsed documents of a revision, which never change once they are there. */
  private final Map<ModelKey, Documents> documents = new ConcurrentHashMap<>();

  private record Documents(long revision, @Nullable Pipeline pipeline, @Nullable Profile profile) {}

  /** A profile to be fetched. */
  record Pending(ModelKey key, long revision, String packageUri, String packageSha256) {}

  /**
   * Watches a newer revision from now on; its predecessor's open windows end without a verdict.
   *
   * @return false where it is not newer than what is watched
   */
  boolean follow(Tx tx, DesiredState state) {
    ModelKey key = new ModelKey(state.getEnvironment(), state.getModelName());
    boolean newer =
        tx.update(
                """
                insert into watches as w (environment, model_name, version, revision, active,
                  request_id, pipeline, package_uri, package_sha256, profile_state, since)
                values ($1, $2, $3, $4, true, $5, $6, $7, $8, 'PENDING', now())
                on conflict (environment, model_name) do update set
                  version = excluded.version, revision = excluded.revision, active = true,
                  request_id = excluded.request_id, pipeline = excluded.pipeline,
                  package_uri = excluded.package_uri, package_sha256 = excluded.package_sha256,
                  profile_state = 'PENDING', profile = null, note = null, since = now(),
                  drift_state = 'OK', streak = 0
                where w.revision < excluded.revision
                """,
                key.environment(),
                key.model(),
                state.getVersion(),
                state.getRevision(),
                state.getRequestId(),
                state.getPipeline(),
                state.getModelPackage().getUri(),
                state.getModelPackage().getSha256())
            == 1;
    if (newer) {
      supersede(tx, key, state.getRevision());
    }
    return newer;
  }

  /** Watches nothing there any more. */
  void forget(Tx tx, ModelKey key) {
    tx.update(
        "update watches set active = false where environment = $1 and model_name = $2",
        key.environment(),
        key.model());
    supersede(tx, key, Long.MAX_VALUE);
  }

  private static void supersede(Tx tx, ModelKey key, long revision) {
    tx.update(
        """
        update windows set state = 'CLOSED', verdict = 'SUPERSEDED', closed_at = now()
        where environment = $1 and model_name = $2 and revision < $3 and state = 'OPEN'
        """,
        key.environment(),
        key.model(),
        revision);
  }

  /** Remembers how far the topic of desired states is applied. */
  void applied(Tx tx, String topic, int partition, long offset) {
    tx.update(
        """
        insert into followed as f (topic, partition, next_offset) values ($1, $2, $3)
        on conflict (topic, partition) do update
          set next_offset = greatest(f.next_offset, excluded.next_offset)
        """,
        topic,
        partition,
        offset + 1);
  }

  /** How far the topic of desired states is applied. */
  public long appliedUpTo(Tx tx, String topic, int partition) {
    return tx.queryOne(
            "select next_offset from followed where topic = $1 and partition = $2",
            row -> row.int8("next_offset"),
            topic,
            partition)
        .orElse(0L);
  }

  /** Every watch, by environment and model. */
  public List<Watch> all(Tx tx) {
    return tx.query(ALL + " order by environment, model_name", this::watch);
  }

  /** One watch. */
  public Optional<Watch> find(Tx tx, ModelKey key) {
    return tx.queryOne(
        ALL + " where environment = $1 and model_name = $2",
        this::watch,
        key.environment(),
        key.model());
  }

  /** One watch, locked until the transaction ends. */
  public Optional<Watch> lock(Tx tx, ModelKey key) {
    return tx.queryOne(
        ALL + " where environment = $1 and model_name = $2 for update",
        this::watch,
        key.environment(),
        key.model());
  }

  /** Stores what a verdict changed. */
  public void decided(Tx tx, ModelKey key, boolean drifted, int streak, boolean alertOpen) {
    tx.update(
        """
        update watches set drift_state = $3, streak = $4, alert_open = $5
        where environment = $1 and model_name = $2
        """,
        key.environment(),
        key.model(),
        drifted ? "DRIFTED" : "OK",
        streak,
        alertOpen);
  }

  List<Pending> pending(Tx tx) {
    return tx.query(
        """
        select environment, model_name, revision, package_uri, package_sha256 from watches
        where profile_state = 'PENDING' and active order by environment, model_name
        """,
        row ->
            new Pending(
                new ModelKey(row.string("environment"), row.string("model_name")),
                row.int8("revision"),
                row.string("package_uri"),
                row.string("package_sha256")));
  }

  void profiled(Tx tx, Pending pending, @Nullable String profile, @Nullable String note) {
    tx.update(
        """
        update watches set profile_state = $4, profile = $5::text, note = $6::text
        where environment = $1 and model_name = $2 and revision = $3 and profile_state = 'PENDING'
        """,
        pending.key().environment(),
        pending.key().model(),
        pending.revision(),
        profile == null ? "NONE" : "READY",
        profile,
        note);
  }

  private Watch watch(Row row) {
    ModelKey key = new ModelKey(row.string("environment"), row.string("model_name"));
    long revision = row.int8("revision");
    ProfileState state = ProfileState.valueOf(row.string("profile_state"));
    Documents parsed = documents.get(key);
    if (parsed == null
        || parsed.revision() != revision
        || (parsed.profile() == null && state == ProfileState.READY)) {
      parsed =
          new Documents(
              revision, pipeline(row.string("pipeline")), profile(row.stringOrNull("profile")));
      documents.put(key, parsed);
    }
    return new Watch(
        key,
        row.int4("version"),
        revision,
        row.bool("active"),
        row.stringOrNull("request_id"),
        parsed.pipeline(),
        state,
        parsed.profile(),
        row.stringOrNull("note"),
        row.instant("since"),
        row.string("drift_state").equals("DRIFTED"),
        row.int4("streak"),
        row.bool("alert_open"));
  }

  static @Nullable Pipeline pipeline(String json) {
    try {
      return Pipeline.fromJson(json);
    } catch (InvalidPipeline e) {
      return null;
    }
  }

  private static @Nullable Profile profile(@Nullable String json) {
    try {
      return json == null ? null : Profile.fromJson(json);
    } catch (DatasetException e) {
      return null;
    }
  }
}
