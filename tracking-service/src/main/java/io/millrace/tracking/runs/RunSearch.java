package io.millrace.tracking.runs;

import io.millrace.database.Database;
import io.millrace.database.Row;
import io.millrace.database.Tx;
import io.millrace.tracking.runs.RunSql.Part;
import io.millrace.tracking.runs.RunSql.Range;
import io.millrace.tracking.runs.RunSql.Statement;
import io.millrace.tracking.search.Keyset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
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
 *   <li>where few of the first ones pass, the runs of a clause are gathered in memory if that takes
 *       less than looking each one up, and the order is followed on;
 *   <li>where even that is too far, or no index has the order, the planner decides.
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
   * @param longestStretch more tests than this are not made one by one
   * @param entriesPerTest entries of an index that are read in a row while one run is tested
   */
  record Limits(int few, int firstStretch, int longestStretch, double entriesPerTest) {

    static final Limits USUAL = new Limits(2000, 400, 30_000, 20);
  }

  private static final int STRETCHES = 4;
  private static final long NO_CLAUSE = -1;

  /** Entries of a clause; to count more of them takes longer than they can save. */
  private static final int MOST_GATHERED = 30_000;

  private static final int LONGEST_WALK = 100_000;

  /** What gathering an entry costs, in readings of it. */
  private static final double GATHERED = 1.25;

  /** A clause is gathered for at most this share of what it saves, since both are estimates. */
  private static final double WORTHWHILE = 0.7;

  /** Without these, runs are joined one by one; switched on where the planner decides. */
  private static final List<String> JOINS =
      List.of("enable_hashjoin", "enable_mergejoin", "enable_seqscan", "enable_bitmapscan");

  /** Plans follow the values, since no one plan fits a rare and a common one. */
  private static final List<String> SETTINGS =
      Stream.concat(
              Stream.of(
                  "plan_cache_mode = force_custom_plan",
                  "jit = off",
                  "random_page_cost = 1.1",
                  "work_mem = '32MB'",
                  // What is gathered was counted; an estimate shall not keep it out of memory.
                  "hash_mem_multiplier = 100",
                  "max_parallel_workers_per_gather = 0"),
              JOINS.stream().map(name -> name + " = off"))
          .toList();

  private static final String PLANNER_DECIDES = joins("on");
  private static final String ONE_BY_ONE = joins("off");

  private static String joins(String value) {
    return JOINS.stream()
        .map(name -> "set local " + name + " = " + value)
        .collect(Collectors.joining("; "));
  }

  private final Database database;
  private final RunDocuments documents;
  private final Limits limits;

  @Autowired
  RunSearch(Database database, RunDocuments documents) {
    this(database, documents, Limits.USUAL);
  }

  RunSearch(Database database, RunDocuments documents, Limits limits) {
    this.database = database;
    this.documents = documents;
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
  record Found(List<RunMessages.Whole> runs, @Nullable Place next) {}

  private record Hit(Run run, List<@Nullable Object> values) {}

  /** The next page of runs. */
  Found find(RunQuery query, @Nullable Place after, int limit) {
    return database.inSnapshot(SETTINGS, tx -> find(tx, query, after, limit));
  }

  private Found find(Tx tx, RunQuery query, @Nullable Place after, int limit) {
    Search search = new Search(tx, query, limits, limit + 1);
    if (after == null) {
      search.first();
    } else {
      search.next(after);
    }
    List<Hit> hits = search.hits;
    List<Hit> page = hits.subList(0, Math.min(limit, hits.size()));
    return new Found(
        documents.of(tx, page.stream().map(Hit::run).toList()),
        hits.size() > limit ? new Place(page.getLast().values(), search.clause) : null);
  }

  /** One page in the making. */
  private static final class Search {

    private final Tx tx;
    private final RunQuery query;
    private final Limits limits;
    private final RunSql sql;
    private final int need;
    private final int firstStretch;
    private final List<Hit> hits = new ArrayList<>();
    private long clause = NO_CLAUSE;
    private final List<Integer> gathered = new ArrayList<>();
    private @Nullable Milestone first;
    private boolean free;

    Search(Tx tx, RunQuery query, Limits limits, int need) {
      this.tx = tx;
      this.query = query;
      this.limits = limits;
      this.sql = new RunSql(query);
      this.need = need;
      this.firstStretch = Math.max(limits.firstStretch(), 4 * need);
    }

    /** Where a stretch ends; null where the order does. */
    private record Milestone(@Nullable Object value) {}

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
      int few = Math.max(limits.few(), need);
      Statement opening = sql.opening(clauses, few + 1, firstStretch);
      List<Long> found =
          tx.queryOne(
                  opening.sql(),
                  row -> {
                    if (sql.orderLeads()) {
                      first = new Milestone(value(row, sql.byMetric()));
                    }
                    return counts(row, clauses.size());
                  },
                  opening.args())
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
      int length = firstStretch;
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
            query.selective() || missing ? milestone(begin, missing, length).value() : null;
        along(new Range(begin.from(), begin.open(), end), place, missing);
        if (end == null) {
          return true;
        }
        tested += length;
        if (hits.size() == need) {
          return true;
        }
        double rate = Math.max(0.5, hits.size() - before) / tested;
        double left = (need - hits.size()) / rate;
        if (stretch == STRETCHES || !worthFollowing(left, rate, missing)) {
          planned(
              missing ? Part.MISSING : Part.EVERYTHING,
              hits.isEmpty() ? after : hits.getLast().values());
          return false;
        }
        begin = new Range(end, true, null);
        place = null;
        // An entry costs little once clauses are gathered, and a full page ends the stretch anyway.
        double next =
            gathered.isEmpty()
                ? Math.min(limits.longestStretch(), 1.5 * left)
                : Math.min(LONGEST_WALK, 2 * left);
        length = (int) Math.max(length, next);
      }
      return true;
    }

    /**
     * Whether following the order for so many more entries takes less than finding all runs at
     * once; gathers clauses where that helps. All in tests of one run.
     *
     * @param rate the share of runs that pass
     */
    private boolean worthFollowing(double left, double rate, boolean missing) {
      int clauses = Math.max(1, sql.leadingClauses().size());
      double share = Math.pow(rate, 1.0 / clauses);
      double tests = left * Math.pow(share, gathered.size());
      List<Integer> open = gathered.isEmpty() ? sql.leadingClauses() : List.of();
      double most = WORTHWHILE * tests * limits.entriesPerTest() / GATHERED;
      Statement counts = sql.counts(open, (int) Math.min(MOST_GATHERED, most) + 1);
      List<Long> entries = new ArrayList<>();
      double all =
          tx.queryOne(
                  counts.sql(),
                  row -> {
                    entries.addAll(counts(row, open.size()));
                    return row.float8("runs");
                  },
                  counts.args())
              .orElseThrow();
      double cost = 0;
      for (int i : fewestFirst(entries)) {
        double gathering = GATHERED * entries.get(i) / limits.entriesPerTest();
        if (entries.get(i) <= MOST_GATHERED && gathering <= WORTHWHILE * tests) {
          gathered.add(open.get(i));
          cost += gathering;
          tests *= share;
        }
      }
      cost += tests + (gathered.isEmpty() ? 0 : left / limits.entriesPerTest());
      return cost <= limits.longestStretch() && cost <= together(rate, all, clauses, missing);
    }

    private static List<Integer> fewestFirst(List<Long> counts) {
      return IntStream.range(0, counts.size())
          .boxed()
          .sorted(Comparator.comparing(counts::get))
          .toList();
    }

    /**
     * What it takes to find all runs at once, in tests of one run: the entries of each clause are
     * read in a row, the runs they have in common are tested and sorted.
     *
     * @param rate the share of runs that pass
     * @param all how many runs there are; 0 where nobody has counted yet
     */
    private double together(double rate, double all, int clauses, boolean missing) {
      if (all <= 0) {
        return Double.POSITIVE_INFINITY;
      }
      double entries = clauses * all * Math.pow(rate, 1.0 / clauses) + (missing ? all : 0);
      return entries / limits.entriesPerTest() + 2 * rate * all;
    }

    private void along(Range range, @Nullable List<@Nullable Object> after, boolean missing) {
      plan(false);
      add(sql.fromOrder(range, after, missing, need - hits.size(), gathered));
    }

    private Milestone milestone(Range begin, boolean missing, int length) {
      if (first != null) {
        Milestone known = first;
        first = null;
        return known;
      }
      Statement statement = sql.milestone(begin, missing, length);
      boolean metric = sql.byMetric() && !missing;
      return tx.queryOne(
              statement.sql(), row -> new Milestone(value(row, metric)), statement.args())
          .orElseThrow();
    }

    private static @Nullable Object value(Row row, boolean metric) {
      if (metric) {
        return row.float8OrNull("milestone");
      }
      return row.int8OrNull("milestone");
    }

    private void planned(Part part, @Nullable List<@Nullable Object> after) {
      plan(true);
      add(sql.free(part, after, need - hits.size()));
    }

    private void plan(boolean choose) {
      if (free != choose) {
        free = choose;
        tx.update(choose ? PLANNER_DECIDES : ONE_BY_ONE);
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
