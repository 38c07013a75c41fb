package io.millrace.tracking.runs;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How the next runs of a search are found at the least cost, as far as that can be told from what
 * an index says of each clause. Costs are in tests of one of a hundred thousand runs, which descend
 * an index once; they were measured with PostgreSQL 18, where such a test takes 3 to 4
 * microseconds.
 */
final class RunPlan {

  /** To read the next entry of an index. */
  private static final double ENTRY = 0.04;

  /**
   * How much more tests may be than expected: a sample tells their number, while that of what is
   * gathered changes little.
   */
  private static final double UNSURE = 1.2;

  /** What a test costs more with each tenfold number of runs: less of the index is in the cache. */
  private static final double TENFOLD = 0.5;

  /** To read an entry into memory. */
  private static final double GATHERED = 0.065;

  /** To look a run up in memory. */
  private static final double LOOKED_UP = 0.03;

  /** To read a run itself and sort it. */
  private static final double RUN = 2;

  /** A run's part in a plan that reads all of them, for each condition. */
  private static final double READ = 0.3;

  /** Runs that no index finds are tested more dearly: their values are read from the table. */
  private static final double OTHER = 2;

  private RunPlan() {}

  /** What leads to the runs. */
  sealed interface Way {

    /**
     * The order leads.
     *
     * @param gathered clauses, by their number, whose runs are read into memory first
     * @param entries of the order until the page is full
     */
    record Along(List<Integer> gathered, double entries) implements Way {}

    /**
     * The runs of a clause are tested, and those that are left sorted.
     *
     * @param gathered clauses whose runs are read into memory first
     */
    record Together(int lead, List<Integer> gathered) implements Way {}

    /** The planner has a free hand. */
    record Planned() implements Way {}
  }

  /**
   * A clause that an index finds runs by.
   *
   * @param runs that fulfil it, as far as is known
   * @param share of the runs that the order names next which fulfil it
   */
  record Clause(double runs, double share) {}

  /**
   * What is known of a search.
   *
   * @param need runs that the page still takes
   * @param all runs of its experiments, about
   * @param rest share of the runs that fulfil all clauses which also pass all else that is asked;
   *     above 1 where clauses go together
   * @param others conditions that no clause stands for
   */
  record Known(int need, double all, List<Clause> clauses, double rest, int others) {

    /** The share of runs that pass. */
    double rate() {
      double rate = rest;
      for (Clause clause : clauses) {
        rate *= clause.share();
      }
      return Math.min(1, rate);
    }
  }

  /**
   * Factors on the costs of three ways: 1 as they are, next to 0 for what is to be taken, infinite
   * for what is not.
   */
  record Weights(double gathering, double together, double planned) {

    static final Weights USUAL = new Weights(1, 1, 1);
  }

  private record Priced(Way way, double cost) {}

  /** The cheapest way on where the order leads. */
  static Way choose(Known known, Weights weights) {
    List<Priced> ways = new ArrayList<>();
    List<Integer> fewestFirst =
        IntStream.range(0, known.clauses().size())
            .boxed()
            .sorted(Comparator.comparing(i -> known.clauses().get(i).runs()))
            .toList();
    for (int gathered = 0; gathered <= fewestFirst.size(); gathered++) {
      ways.add(along(known, fewestFirst.subList(0, gathered), weights.gathering()));
    }
    for (int gathered = 0; gathered < fewestFirst.size(); gathered++) {
      ways.add(together(known, fewestFirst, gathered, weights));
    }
    if (fewestFirst.isEmpty()) {
      double cost = READ * known.all() * (1 + OTHER * known.others());
      ways.add(new Priced(new Way.Planned(), weighted(cost, weights.planned())));
    }
    return ways.stream().min(Comparator.comparing(Priced::cost)).orElseThrow().way();
  }

  /** The cheapest way that finds all runs at once, where there is a clause. */
  static Way.Together together(List<Clause> clauses, double all) {
    Known known = new Known(0, all, clauses, 1, 0);
    List<Integer> fewestFirst =
        IntStream.range(0, clauses.size())
            .boxed()
            .sorted(Comparator.comparing(i -> clauses.get(i).runs()))
            .toList();
    return IntStream.range(0, clauses.size())
        .mapToObj(gathered -> together(known, fewestFirst, gathered, Weights.USUAL))
        .min(Comparator.comparing(Priced::cost))
        .map(priced -> (Way.Together) priced.way())
        .orElseThrow();
  }

  private static Priced along(Known known, List<Integer> gathered, double weight) {
    double entries = Math.min(known.need() / known.rate(), Math.max(known.need(), known.all()));
    double once = 0;
    double each = ENTRY;
    double left = 1;
    for (int i : gathered) {
      Clause clause = known.clauses().get(i);
      once += GATHERED * clause.runs();
      each += LOOKED_UP * left;
      left *= clause.share();
    }
    List<Double> open =
        IntStream.range(0, known.clauses().size())
            .filter(i -> !gathered.contains(i))
            .mapToObj(i -> known.clauses().get(i).share())
            .sorted()
            .toList();
    for (double share : open) {
      each += left * test(known.all());
      left *= share;
    }
    each += OTHER * known.others() * left * test(known.all());
    double cost = once + entries * each;
    return new Priced(
        new Way.Along(List.copyOf(gathered), entries),
        gathered.isEmpty() ? cost : weighted(cost, weight));
  }

  private static Priced together(
      Known known, List<Integer> fewestFirst, int gathered, Weights weights) {
    int lead = fewestFirst.getFirst();
    double left = known.clauses().get(lead).runs();
    double cost = left * ENTRY;
    for (int i = 1; i < fewestFirst.size(); i++) {
      Clause clause = known.clauses().get(fewestFirst.get(i));
      cost +=
          i <= gathered ? GATHERED * clause.runs() + LOOKED_UP * left : left * test(known.all());
      left *= Math.min(1, clause.runs() / Math.max(1, known.all()));
    }
    // Each one's place in the order is looked up, too.
    cost += left * (test(known.all()) * (1 + OTHER * known.others()) + RUN);
    return new Priced(
        new Way.Together(lead, List.copyOf(fewestFirst.subList(1, 1 + gathered))),
        weighted(gathered == 0 ? cost : weighted(cost, weights.gathering()), weights.together()));
  }

  private static double test(double all) {
    return UNSURE + TENFOLD * Math.max(0, Math.log10(all / 100_000));
  }

  private static double weighted(double cost, double weight) {
    return Double.isInfinite(weight) ? weight : cost * weight;
  }
}
