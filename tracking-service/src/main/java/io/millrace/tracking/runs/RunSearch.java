package io.millrace.tracking.runs;

import io.millrace.database.Database;
import io.millrace.database.Row;
import io.millrace.database.Tx;
import io.millrace.tracking.experiments.ExperimentId;
import io.millrace.tracking.runs.RunPlan.Known;
import io.millrace.tracking.runs.RunPlan.Way;
import io.millrace.tracking.runs.RunSql.Part;
import io.millrace.tracking.runs.RunSql.Range;
import io.millrace.tracking.runs.RunSql.Statement;
import io.millrace.tracking.search.Keyset;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.stereotype.Component;

/**
 * Finds runs. What leads to a page is chosen here and not by the planner, which cannot know how a
 * metric is spread in one experiment: {@link RunPlan} compares what the ways cost, from a bounded
 * count of each clause's runs and from how many of the runs that the order names next fulfil it.
 *
 * <ol>
 *   <li>The order's index leads, milestone by milestone, and each run it names is tested; the runs
 *       of clauses may be gathered in memory first, which makes a test cheap.
 *   <li>A clause leads, the runs that pass the others are sorted.
 *   <li>Where no clause has an index, or the order has none, the planner decides.
 * </ol>
 *
 * <p>All statements of a page see one state of the database.
 */
@Component
class RunSearch {

  /**
   * How much is tried before a way is chosen.
   *
   * @param few up to so many runs of a clause are counted
   * @param sampled so many runs that the order names next are tested
   * @param firstStretch entries of the order's index up to the first milestone
   * @param weights of the ways that are compared
   */
  record Limits(int few, int sampled, int firstStretch, RunPlan.Weights weights) {

    static final Limits USUAL = new Limits(2000, 100, 400, RunPlan.Weights.USUAL);
  }

  private static final int STRETCHES = 4;
  private static final long NO_CLAUSE = -1;

  /** So many of a sample tell how many there are. */
  private static final int MANY = 5;

  /** Up to so many runs the order is followed to its end where that is a look into memory each. */
  private static final int SHORT = 150_000;

  private static final Duration SIZE_KNOWN = Duration.ofSeconds(30);
  private static final int SIZES = 1000;

  /** Taken for the number of runs where nobody has counted them yet. */
  private static final double UNCOUNTED = 100_000;

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
  private final Map<List<ExperimentId>, Size> sizes = new ConcurrentHashMap<>();

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
    Search search = new Search(tx, query, limit + 1);
    search.find(after);
    List<Hit> hits = search.hits;
    List<Hit> page = hits.subList(0, Math.min(limit, hits.size()));
    return new Found(
        documents.of(tx, page.stream().map(Hit::run).toList()),
        hits.size() > limit ? new Place(page.getLast().values(), search.clause) : null);
  }

  private record Size(double runs, long until) {}

  /** About how many runs there are; asked for again now and then. */
  private double size(Tx tx, List<ExperimentId> experiments) {
    Size known = sizes.get(experiments);
    if (known != null && System.nanoTime() - known.until() < 0) {
      return known.runs();
    }
    if (sizes.size() >= SIZES) {
      sizes.clear();
    }
    Statement size = RunSql.size(experiments);
    double counted = tx.queryOne(size.sql(), row -> row.float8("runs"), size.args()).orElse(0.0);
    double runs = counted > 0 ? counted : UNCOUNTED;
    sizes.put(experiments, new Size(runs, System.nanoTime() + SIZE_KNOWN.toNanos()));
    return runs;
  }

  /** One page in the making. */
  private final class Search {

    private final Tx tx;
    private final RunQuery query;
    private final RunSql sql;
    private final int need;
    private final int firstStretch;
    private final List<Hit> hits = new ArrayList<>();
    private long clause = NO_CLAUSE;
    private @Nullable Milestone first;
    private boolean free;

    Search(Tx tx, RunQuery query, int need) {
      this.tx = tx;
      this.query = query;
      this.sql = new RunSql(query);
      this.need = need;
      this.firstStretch = Math.max(limits.firstStretch(), 4 * need);
    }

    /** Where a stretch ends; null where the order does. */
    private record Milestone(@Nullable Object value) {}

    void find(@Nullable Place after) {
      List<@Nullable Object> values = after == null ? null : after.values();
      Optional<Integer> leading =
          after != null && sql.clauses().leads(after.clause())
              ? Optional.of((int) after.clause())
              : sql.clauses().namesRuns().or(this::rarest);
      if (leading.isPresent()) {
        clause = leading.get();
        add(sql.fromClause(leading.get(), List.of(), Part.EVERYTHING, values, need));
      } else if (sql.orderLeads()) {
        alongOrder(values);
      } else {
        planned(Part.EVERYTHING, values);
      }
    }

    /** Where no index has the order: the clause that few runs fulfil. */
    private Optional<Integer> rarest() {
      List<Integer> clauses = sql.clauses().leading();
      if (sql.orderLeads() || clauses.isEmpty()) {
        return Optional.empty();
      }
      int few = Math.max(limits.few(), need);
      List<Long> found = counted(clauses, few + 1);
      int rarest = 0;
      for (int i = 1; i < found.size(); i++) {
        rarest = found.get(i) < found.get(rarest) ? i : rarest;
      }
      return found.get(rarest) <= few ? Optional.of(clauses.get(rarest)) : Optional.empty();
    }

    private void alongOrder(@Nullable List<@Nullable Object> after) {
      Object from = after == null ? null : after.getFirst();
      if (!query.byMetric()) {
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
      if (sql.clauses().requiresNumber()) {
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
      int before = hits.size();
      Range begin = new Range(from, false, null);
      List<@Nullable Object> place = after;
      if (from != null && (missing || !query.byMetric())) {
        // Many runs can have one start time; those come in the order of their ids.
        along(new Range(from, false, from), after, missing, List.of());
        begin = new Range(from, true, null);
        place = null;
      }
      if (!query.selective() && !missing) {
        along(begin, place, missing, List.of());
        return true;
      }
      Clauses clauses = clauses(begin, missing);
      double tested = 0;
      for (int stretch = 1; hits.size() < need; stretch++) {
        Way way = clauses.way(need - hits.size(), stretch > STRETCHES);
        switch (way) {
          case Way.Along(List<Integer> gathered, double entries) -> {
            boolean toEnd = clauses.cheapToEnd(gathered);
            int length = (int) Math.min(Integer.MAX_VALUE / 2, Math.max(firstStretch, 2 * entries));
            Object end = toEnd ? null : milestone(begin, missing, length).value();
            along(
                new Range(begin.from(), begin.open(), end),
                place,
                missing,
                clauses.numbers(gathered));
            if (end == null) {
              return true;
            }
            tested += length;
            clauses = clauses.measured(Math.max(0.5, hits.size() - before) / tested);
            begin = new Range(end, true, null);
            place = null;
          }
          case Way.Together(int lead, List<Integer> gathered) -> {
            together(
                clauses.number(lead),
                clauses.numbers(gathered),
                missing ? Part.MISSING : Part.EVERYTHING,
                hits.isEmpty() ? after : hits.getLast().values());
            return false;
          }
          case Way.Planned() -> {
            planned(
                missing ? Part.MISSING : Part.EVERYTHING,
                hits.isEmpty() ? after : hits.getLast().values());
            return false;
          }
        }
      }
      return true;
    }

    /**
     * The clauses that an index finds runs by, and what is known of them.
     *
     * @param numbers of the clauses among the required ones
     * @param sampled whether each one's share was seen, and not only that of all
     */
    private record Clauses(List<Integer> numbers, Known known, boolean sampled, Limits limits) {

      Way way(int need, boolean atOnce) {
        if (!atOnce) {
          return RunPlan.choose(
              new Known(need, known.all(), known.clauses(), known.rest(), known.others()),
              limits.weights());
        }
        return numbers.isEmpty()
            ? new Way.Planned()
            : RunPlan.together(known.clauses(), known.all());
      }

      int number(int clause) {
        return numbers.get(clause);
      }

      List<Integer> numbers(List<Integer> clauses) {
        return clauses.stream().map(this::number).toList();
      }

      boolean cheapToEnd(List<Integer> gathered) {
        return !gathered.isEmpty()
            && gathered.size() == numbers.size()
            && known.others() == 0
            && known.all() <= SHORT;
      }

      /** With the share of the runs that passed. */
      Clauses measured(double rate) {
        List<RunPlan.Clause> clauses = known.clauses();
        double rest = 1;
        if (sampled || clauses.isEmpty()) {
          double expected = 1;
          for (RunPlan.Clause clause : clauses) {
            expected *= clause.share();
          }
          rest = rate / expected;
        } else {
          double share = Math.pow(rate, 1.0 / clauses.size());
          clauses =
              clauses.stream()
                  .map(
                      clause ->
                          new RunPlan.Clause(Math.min(clause.runs(), share * known.all()), share))
                  .toList();
        }
        return new Clauses(
            numbers,
            new Known(known.need(), known.all(), clauses, rest, known.others()),
            sampled,
            limits);
      }
    }

    /** What an index said of a clause. */
    private record Seen(long counted, long sampled, long passed) {

      /** Whether too few passed to tell from them how many there are. */
      boolean doubtful(int few) {
        return counted > few && passed < MANY;
      }

      RunPlan.Clause clause(boolean exact, double all) {
        double share = (passed + 0.5) / (sampled + 1);
        if (exact) {
          return new RunPlan.Clause(counted, passed < MANY ? Math.max(1, counted) / all : share);
        }
        // So many were not expected; there may be many more.
        return new RunPlan.Clause(
            passed < MANY ? Math.max(counted, all / 2) : Math.max(counted, share * all), share);
      }
    }

    private Clauses clauses(Range begin, boolean missing) {
      List<Integer> numbers =
          query.byMetric() && !missing
              ? sql.clauses().leadingAlongMetric()
              : sql.clauses().leading();
      int others = sql.clauses().others(numbers, missing);
      double size = size(tx, query.experiments());
      if (numbers.isEmpty() || missing) {
        // Where nothing was seen everything passes, until it is found otherwise.
        return new Clauses(
            numbers,
            new Known(
                need,
                size,
                numbers.stream().map(clause -> new RunPlan.Clause(size, 1)).toList(),
                1,
                others),
            false,
            limits);
      }
      List<Seen> seen = seen(numbers, begin);
      List<Integer> doubtful =
          IntStream.range(0, numbers.size())
              .filter(i -> seen.get(i).doubtful(limits.few()))
              .boxed()
              .toList();
      int most = (int) Math.max(10.0 * limits.few(), size / 20);
      if (!doubtful.isEmpty()) {
        List<Long> counted = counted(doubtful.stream().map(numbers::get).toList(), most + 1);
        for (int i = 0; i < doubtful.size(); i++) {
          Seen before = seen.get(doubtful.get(i));
          seen.set(doubtful.get(i), new Seen(counted.get(i), before.sampled(), before.passed()));
        }
      }
      List<RunPlan.Clause> clauses =
          IntStream.range(0, numbers.size())
              .mapToObj(
                  i -> {
                    long counted = seen.get(i).counted();
                    boolean exact =
                        counted <= limits.few() || (doubtful.contains(i) && counted <= most);
                    return seen.get(i).clause(exact, Math.max(size, counted));
                  })
              .toList();
      return new Clauses(numbers, new Known(need, size, clauses, 1, others), true, limits);
    }

    private List<Seen> seen(List<Integer> numbers, Range begin) {
      Statement statement =
          sql.opening(numbers, limits.few() + 1, begin, limits.sampled(), firstStretch);
      return tx.queryOne(
              statement.sql(),
              row -> {
                first = new Milestone(value(row, query.byMetric()));
                List<Seen> seen = new ArrayList<>();
                for (int i = 0; i < numbers.size(); i++) {
                  seen.add(new Seen(row.int8("n" + i), row.int8("sampled"), row.int8("h" + i)));
                }
                return seen;
              },
              statement.args())
          .orElseThrow();
    }

    private List<Long> counted(List<Integer> clauses, int most) {
      Statement statement = sql.counts(clauses, most);
      return tx.queryOne(
              statement.sql(),
              row -> {
                List<Long> counts = new ArrayList<>();
                for (int i = 0; i < clauses.size(); i++) {
                  counts.add(row.int8("n" + i));
                }
                return counts;
              },
              statement.args())
          .orElseThrow();
    }

    private void along(
        Range range,
        @Nullable List<@Nullable Object> after,
        boolean missing,
        List<Integer> gathered) {
      plan(false);
      add(sql.fromOrder(range, after, missing, need - hits.size(), gathered));
    }

    private void together(
        int lead, List<Integer> gathered, Part part, @Nullable List<@Nullable Object> after) {
      plan(false);
      add(sql.fromClause(lead, gathered, part, after, need - hits.size()));
    }

    private Milestone milestone(Range begin, boolean missing, int length) {
      Milestone known = first;
      first = null;
      if (known != null && length == firstStretch) {
        return known;
      }
      Statement statement = sql.milestone(begin, missing, length);
      boolean metric = query.byMetric() && !missing;
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
