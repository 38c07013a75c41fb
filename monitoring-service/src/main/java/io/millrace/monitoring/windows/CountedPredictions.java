package io.millrace.monitoring.windows;

import io.millrace.database.Tx;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import org.springframework.stereotype.Component;

/**
 * The ids of the predictions that were counted. Those of one model are added only while its watch
 * is locked.
 */
@Component
class CountedPredictions {

  /** Notes predictions; returns those that were not noted before. */
  Set<UUID> add(Tx tx, Collection<UUID> ids) {
    return new HashSet<>(
        tx.query(
            """
            insert into counted_predictions (event_id, counted_at)
            select distinct id::uuid, date_trunc('hour', now()) from unnest($1::text[]) as given (id)
            on conflict do nothing
            returning event_id::text as event_id
            """,
            row -> UUID.fromString(row.string("event_id")),
            (Object) ids.stream().map(UUID::toString).toArray(String[]::new)));
  }

  /** Forgets old ones, at most so many; returns how many. */
  long prune(Tx tx, Duration keep, int most) {
    return tx.update(
        """
        delete from counted_predictions where event_id in (
          select event_id from counted_predictions
          where counted_at < now() - make_interval(secs => $1) order by counted_at limit $2)
        """,
        (double) keep.toSeconds(),
        most);
  }
}
