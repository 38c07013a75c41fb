package io.millrace.tracking.runs;

import io.millrace.database.Row;
import io.millrace.database.Tx;
import io.millrace.tracking.runs.RunSql.Part;
import io.millrace.tracking.runs.RunSql.Range;
import io.millrace.tracking.runs.RunSql.Statement;
import io.millrace.tracking.search.Keyset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;

/**
 * Finds runs. What leads to a page is chosen here and not by the planner, which cannot know how a
 * metric is spread in one experiment:
 *
 * <ol>
 *   <li>a clause that few runs fulfil, counted up to a limit, leads to those, which are then
 *       sorted;
 *   <li>else the order's index leads, and each run it names is tested, milestone by milestone;
 *   <li>where the tests let too few pass, or no index has the order, the planner decides.
 * </ol>
 *
 * <p>All statements of a page see one state of the database.
 */
@Component
class RunSearch {

  /**
   * Where one way of finding runs is given up for another.
   *
   * @param few up to so many runs of a clause are sorted rather than met in order
   * @param firstStretch entries of the order's index up to the first milestone
   * @param longestStretch more entries than this are not tested one by one
   * @param entriesPerTest entries of an index that are read in a row while one run is tested
   */
  record Limits(int few, int firstStretch, int longestStretch, double entriesPerTest) {

    static final Limits USUAL = new Limits(1000, 2000, 30_000, 20);
  }

  private static final int STRETCHES = 4;
  private static final long NO_CLAUSE = -1;

  private static final String ONE_STATE =
      "set transaction isolation level repeatable read read only";

  /** Plans follow the values, since no one plan fits a rare and a common one. */
  private static final String SETTINGS =
      """
      select set_config('plan_cache_mode', 'force_custom_plan', true),
        set_config('jit', 'off', true), set_config('random_page_cost', '1.1', true),
        set_config('work_mem', '32MB', true), set_config('max_parallel_workers_per_gather', '0', true),
        set_config('enable_hashjoin', $1, true), set_config('enable_mergejoin', $1, true),
        set_config('enable_seqscan', $1, true), set_config('enable_bitmapscan', $1, true)
      """;

  private final Runs runs;
  private final Limits limits;

  @Autowired
  RunSearch(Runs runs) {
    this(runs, Limits.USUAL);
  }

  RunSearch(Runs runs, Limits limits) {
    this.runs = runs;
    this.limits = limits;
  }

  /**
   * Place of the last row of a page.
   *
   * @param values of the order's columns
   * @param clause the clause that led to it, or -1
   */
  record Place(List<@Nullable Object> values, long clause) {}

  /**
   * A page.
   *
   * @param next where the next one begins; null on the last one
   */
  record Found(List<RunDetails> runs, @Nullable Place next) {}

  private record Hit(Run run, List<@Nullable Object> values) {}

  /** The next page of runs; the transaction must be new. */
  Found find(Tx tx, RunQuery query, @Nullable Place after, int limit) {
    tx.update(ONE_STATE);
    Search search = new Search(tx, query, limits, limit + 1);
    if (after == null) {
      search.first();
    } else {
      search.next(after);
    }
    List<Hit> hits = search.hits;
    List<Hit> page = hits.subList(0, Math.min(limit, hits.size()));
    return new Found(
        runs.details(tx, page.stream().map(Hit::run).toList()),
        hits.size() > limit ? new Place(page.getLast().values(), search.clause) : null);
  }

  /** One page in the making. */
  private static final class Search {

    private final Tx tx;
    private final RunQuery query;
    private final Limits limits;
    private final RunSql sql;
    private final int need;
    private final List<Hit> hits = new ArrayList<>();
    private long clause = NO_CLAUSE;
    private @Nullable Boolean free;

    Search(Tx tx, RunQuery query, Limits limits, int need) {
      this.tx = tx;
      this.query = query;
      this.limits = limits;
      this.sql = new RunSql(query);
      this.need = need;
    }

    void first() {
      clause = rarest();
      find(null);
    }

    void next(Place after) {
      boolean known =
          after.clause() >= 0 && sql.leadingClauses().contains(Math.toIntExact(after.clause()));
      clause = known ? after.clause() : NO_CLAUSE;
      find(after.values());
    }

    private void find(@Nullable List<@Nullable Object> after) {
      if (clause != NO_CLAUSE) {
        plan(false);
        add(sql.fromClause((int) clause, after, need));
      } else if (sql.orderLeads()) {
        alongOrder(after);
      } else {
        planned(Part.EVERYTHING, after);
      }
    }

    private long rarest() {
      Optional<Integer> named = sql.namesRuns();
      if (named.isPresent()) {
        return named.get();
      }
      List<Integer> clauses = sql.leadingClauses();
      if (clauses.isEmpty()) {
        return NO_CLAUSE;
      }
      plan(false);
      int few = Math.max(limits.few(), need);
      Statement counts = sql.counts(clauses, few + 1);
      List<Long> found =
          tx.queryOne(counts.sql(), row -> counts(row, clauses.size()), counts.args())
              .orElseThrow();
      int rarest = 0;
      for (int i = 1; i < found.size(); i++) {
        rarest = found.get(i) < found.get(rarest) ? i : rarest;
      }
      return found.get(rarest) <= few ? clauses.get(rarest) : NO_CLAUSE;
    }

    private static List<Long> counts(Row row, int columns) {
      List<Long> counts = new ArrayList<>();
      for (int i = 0; i < columns; i++) {
        counts.add(row.int8("n" + i));
      }
      return counts;
    }

    private void alongOrder(@Nullable List<@Nullable Object> after) {
      Object from = after == null ? null : after.getFirst();
      if (!sql.byMetric()) {
        stretches(from, after, false);
        return;
      }
      boolean number = after == null || (from instanceof Double value && !value.isNaN());
      boolean counted = true;
      if (number) {
        counted = stretches(from, after, false);
      }
      if (!counted || hits.size() == need) {
        return;
      }
      boolean missing = after != null && from == null;
      if (!missing) {
        planned(Part.NOT_A_NUMBER, number ? null : after);
      }
      if (hits.size() < need) {
        missing(missing ? after : null);
      }
    }

    private void missing(@Nullable List<@Nullable Object> after) {
      if (sql.startFollows()) {
        stretches(after == null ? null : after.get(1), after, true);
      } else {
        planned(Part.MISSING, after);
      }
    }

    /**
     * Follows the order's index from a value on.
     *
     * @return false where the planner has taken over and found all that follows
     */
    private boolean stretches(
        @Nullable Object from, @Nullable List<@Nullable Object> after, boolean missing) {
      int length = Math.max(limits.firstStretch(), 4 * need);
      int tested = 0;
      int before = hits.size();
      Range begin = new Range(from, false, null);
      List<@Nullable Object> place = after;
      if (from != null && (missing || !sql.byMetric())) {
        // Many runs can have one start time; those come in the order of their ids.
        along(new Range(from, false, from), after, missing);
        begin = new Range(from, true, null);
        place = null;
      }
      for (int stretch = 1; hits.size() < need; stretch++) {
        Object end =
            query.selective() || missing ? milestone(begin, missing, length).orElse(null) : null;
        along(new Range(begin.from(), begin.open(), end), place, missing);
        if (end == null) {
          return true;
        }
        tested += length;
        double rate = Math.max(0.5, hits.size() - before) / tested;
        double left = (need - hits.size()) / rate;
        if (hits.size() < need
            && (stretch == STRETCHES
                || left > limits.longestStretch()
                || left > together(rate, missing))) {
          planned(
              missing ? Part.MISSING : Part.EVERYTHING,
              hits.isEmpty() ? after : hits.getLast().values());
          return false;
        }
        begin = new Range(end, true, null);
        place = null;
        length = (int) Math.max(length, Math.min(limits.longestStretch(), 1.5 * left));
      }
      return true;
    }

    /**
     * What it takes to find all runs at once, in tests of one run: the entries of each clause are
     * read in a row, the runs they have in common are tested and sorted.
     *
     * @param rate the share of runs that pass
     */
    private double together(double rate, boolean missing) {
      double all =
          tx.queryOne(
                  "select greatest(reltuples, 0)::float8 as n from pg_class where oid = 'runs'::regclass",
                  row -> row.float8("n"))
              .orElseThrow();
      int clauses = Math.max(1, sql.leadingClauses().size());
      double entries = clauses * all * Math.pow(rate, 1.0 / clauses) + (missing ? all : 0);
      return entries / limits.entriesPerTest() + 2 * rate * all;
    }

    private void along(Range range, @Nullable List<@Nullable Object> after, boolean missing) {
      plan(false);
      add(sql.fromOrder(range, after, missing, need - hits.size()));
    }

    private Optional<Object> milestone(Range begin, boolean missing, int length) {
      plan(false);
      Statement statement = sql.milestone(begin, missing, length);
      boolean metric = sql.byMetric() && !missing;
      return tx.queryOne(
          statement.sql(),
          row -> metric ? (Object) row.float8("value") : (Object) row.int8("value"),
          statement.args());
    }

    private void planned(Part part, @Nullable List<@Nullable Object> after) {
      plan(true);
      add(sql.free(part, after, need - hits.size()));
    }

    private void plan(boolean choose) {
      if (free == null || free != choose) {
        free = choose;
        tx.query(SETTINGS, row -> Boolean.TRUE, choose ? "on" : "off");
      }
    }

    private void add(Statement statement) {
      Keyset keyset = sql.keyset();
      hits.addAll(
          tx.query(
              statement.sql(),
              row -> new Hit(Runs.run(row), keyset.values(row)),
              statement.args()));
    }
  }
}
