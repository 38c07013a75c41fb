package io.millrace.tracking.runs;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.tracking.RunningTracking;
import io.millrace.tracking.experiments.ExperimentId;
import io.millrace.tracking.experiments.ViewType;
import io.millrace.tracking.runs.SearchedRun.Input;
import io.millrace.tracking.search.Filter;
import io.millrace.tracking.search.OrderKey;
import io.millrace.tracking.search.Vocabulary;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What PostgreSQL finds, in which order and in which pages, is what a plain evaluation finds. */
class RunSearchIT {

  private static final int RUNS = 400;
  private static final String LONG = "long ".repeat(30);
  private static final List<String> TEXTS =
      List.of(
          "",
          "a",
          "A",
          "ab",
          "aB",
          "b%",
          "b_c",
          "é",
          "É",
          "x\\y",
          "it's",
          "0.1",
          "😀",
          LONG,
          LONG + "x",
          "y".repeat(99),
          "y".repeat(100),
          "y".repeat(101),
          "line\nbreak",
          "'; --");
  private static final List<String> PATTERNS =
      List.of("%", "a%", "_", "%b%", "b\\%", "b\\_c", "%\\\\%", "É", "long%", "%'%", "");
  private static final List<Double> NUMBERS =
      List.of(0.0, 1.0, -1.0, 0.5, 1e-9, 1e300, Double.MAX_VALUE, -Double.MAX_VALUE, Double.NaN);

  private static final RunningTracking tracking = RunningTracking.shared();
  private static final List<SearchedRun> all = new ArrayList<>();
  private static final List<ExperimentId> experiments = new ArrayList<>();

  @BeforeAll
  static void randomRuns() {
    Random random = new Random(11);
    for (int e = 0; e < 3; e++) {
      experiments.add(experiment());
    }
    for (int i = 0; i < RUNS; i++) {
      all.add(random(random, experiments.get(random.nextInt(10) < 7 ? 0 : random.nextInt(3))));
    }
    SearchedRun.store(tracking.database(), all);
  }

  private static ExperimentId experiment() {
    return ExperimentId.parse(
        tracking
            .mlflow("experiments/create", "{'name':'s-%s'}".formatted(UUID.randomUUID()))
            .body()
            .path("experiment_id")
            .asString());
  }

  private static SearchedRun random(Random random, ExperimentId experiment) {
    Map<String, Double> metrics = new TreeMap<>();
    for (String key : List.of("a", "b", "c d", "rare")) {
      if (random.nextInt(key.equals("rare") ? 40 : 5) == 0 ^ !key.equals("rare")) {
        metrics.put(key, number(random));
      }
    }
    Map<String, String> params = new TreeMap<>();
    Map<String, String> tags = new TreeMap<>();
    for (String key : List.of("p", "q.r", "s t")) {
      if (random.nextInt(4) > 0) {
        params.put(key, pick(random, TEXTS));
      }
      if (random.nextInt(4) > 0) {
        tags.put(key, pick(random, TEXTS));
      }
    }
    List<Input> inputs = new ArrayList<>();
    for (int i = random.nextInt(3); i > 0; i--) {
      inputs.add(
          new Input(
              pick(random, List.of("iris", "wine")),
              "d" + i,
              random.nextBoolean() ? pick(random, List.of("train", "test")) : null));
    }
    return new SearchedRun(
        UUID.randomUUID().toString().replace("-", ""),
        experiment.value(),
        pick(random, TEXTS),
        pick(random, List.of("", "bob", "Ann")),
        pick(random, Stream.of(RunStatus.values()).map(Enum::name).toList()),
        random.nextInt(3) == 0 ? 0 : random.nextInt(1000),
        random.nextBoolean() ? (Long) (long) random.nextInt(1000) : null,
        random.nextInt(5) == 0 ? "deleted" : "active",
        metrics,
        params,
        tags,
        inputs);
  }

  private static double number(Random random) {
    return random.nextInt(3) == 0 ? pick(random, NUMBERS) : random.nextInt(20) / 10.0;
  }

  private static <T> T pick(Random random, List<T> items) {
    return items.get(random.nextInt(items.size()));
  }

  private static String filter(Random random, int depth) {
    int kind = random.nextInt(depth > 2 ? 1 : 6);
    return switch (kind) {
      case 0 -> clause(random);
      case 1 -> stretch(random) + " AND " + clause(random);
      case 2, 3 -> filter(random, depth + 1) + " AND " + clause(random);
      case 4 -> "(" + filter(random, depth + 1) + " or " + filter(random, depth + 1) + ")";
      default -> "NOT (" + filter(random, depth + 1) + ")";
    };
  }

  /** Several comparisons of one metric, by which the order may go, too. */
  private static String stretch(Random random) {
    String key = pick(random, List.of("a", "b"));
    return "metrics.%1$s > %2$s AND metrics.%1$s %3$s %4$s"
        .formatted(
            key,
            random.nextInt(10) / 10.0 - 0.5,
            pick(random, List.of("<", "<=", "!=", ">=")),
            random.nextInt(20) / 10.0);
  }

  private static String clause(Random random) {
    String comparison = pick(random, List.of("=", "!=", "<", "<=", ">", ">="));
    return switch (random.nextInt(7)) {
      case 0, 1 -> {
        String key = pick(random, List.of("a", "b", "`c d`", "rare", "none"));
        double number = number(random);
        yield random.nextInt(8) == 0 || Double.isNaN(number)
            ? "metrics." + key + pick(random, List.of(" IS NULL", " IS NOT NULL"))
            : "metrics." + key + " " + comparison + " " + number;
      }
      case 2 -> "params." + pick(random, List.of("p", "q.r", "`s t`", "none")) + text(random, true);
      case 3 -> "tags." + pick(random, List.of("p", "q.r", "`s t`", "none")) + text(random, true);
      case 4 ->
          switch (random.nextInt(5)) {
            case 0 -> "run_name" + text(random, false);
            case 1 -> "user_id " + pick(random, List.of("= 'bob'", "!= 'bob'", "ILIKE 'ANN'"));
            case 2 -> "status IN ('FINISHED', 'FAILED')";
            case 3 -> "status != 'RUNNING'";
            default ->
                "run_id "
                    + pick(random, List.of("IN", "NOT IN"))
                    + " ('"
                    + pick(random, all).id()
                    + "', '"
                    + pick(random, all).id()
                    + "')";
          };
      case 5 ->
          random.nextInt(4) == 0
              ? "end_time IS " + pick(random, List.of("NULL", "NOT NULL"))
              : pick(random, List.of("start_time", "end_time", "created"))
                  + " "
                  + comparison
                  + " "
                  + random.nextInt(1000);
      default ->
          pick(
              random,
              List.of(
                  "datasets.name = 'iris'",
                  "dataset.name != 'iris'",
                  "datasets.digest IN ('d2', 'x')",
                  "datasets.context = 'train'",
                  "datasets.context NOT IN ('train')",
                  "dataset.context LIKE 't%'"));
    };
  }

  private static String text(Random random, boolean nullable) {
    return switch (random.nextInt(nullable ? 6 : 5)) {
      case 0, 1 -> pick(random, List.of(" = ", " != ")) + quoted(pick(random, TEXTS));
      case 2, 3 -> pick(random, List.of(" LIKE ", " ilike ")) + quoted(pick(random, PATTERNS));
      case 4 ->
          pick(random, List.of(" IN (", " NOT IN ("))
              + quoted(pick(random, TEXTS))
              + ","
              + quoted(pick(random, TEXTS))
              + ")";
      default -> pick(random, List.of(" IS NULL", " IS NOT NULL"));
    };
  }

  private static String quoted(String text) {
    return text.contains("'") ? '"' + text + '"' : "'" + text + "'";
  }

  private static List<String> order(Random random) {
    Set<String> keys = new LinkedHashSet<>();
    for (int i = random.nextInt(4); i > 0; i--) {
      keys.add(
          pick(
              random,
              List.of(
                  "metrics.a",
                  "metrics.b",
                  "metrics.rare",
                  "metrics.none",
                  "params.p",
                  "tags.`s t`",
                  "start_time",
                  "end_time",
                  "run_id",
                  "run_name",
                  "user_id",
                  "status",
                  "artifact_uri")));
    }
    return keys.stream().map(key -> key + pick(random, List.of("", " ASC", " desc"))).toList();
  }

  /** Each of them takes one way where it is open, whatever it costs. */
  static List<RunSearch.Limits> ways() {
    double yes = 1e-9;
    double no = Double.POSITIVE_INFINITY;
    return List.of(
        RunSearch.Limits.USUAL,
        new RunSearch.Limits(20, 30, 60, RunPlan.Weights.USUAL),
        // The order leads, in many short stretches.
        new RunSearch.Limits(0, 20, 3, new RunPlan.Weights(no, no, no)),
        // It does, among runs that are in memory.
        new RunSearch.Limits(0, 20, 3, new RunPlan.Weights(yes, no, no)),
        // A clause leads.
        new RunSearch.Limits(0, 20, 3, new RunPlan.Weights(no, yes, no)),
        // It does, among runs that are in memory.
        new RunSearch.Limits(0, 20, 3, new RunPlan.Weights(yes, yes, no)),
        // The planner decides.
        new RunSearch.Limits(0, 0, 3, new RunPlan.Weights(no, no, yes)));
  }

  private static RunSearch search(RunSearch.Limits limits) {
    return new RunSearch(tracking.database(), tracking.bean(RunDocuments.class), limits);
  }

  @ParameterizedTest
  @MethodSource("ways")
  void findsWhatAPlainEvaluationFinds(RunSearch.Limits limits) {
    RunSearch search = search(limits);
    Random random = new Random(limits.hashCode());
    int found = 0;
    for (int i = 0; i < 100; i++) {
      String filterText = random.nextInt(10) == 0 ? "" : filter(random, 0);
      List<String> orderTexts = order(random);
      Filter filter = Vocabulary.RUNS.filter(filterText);
      List<OrderKey> order = Vocabulary.RUNS.order(orderTexts);
      ViewType view = pick(random, List.of(ViewType.values()));
      List<ExperimentId> where =
          random.nextBoolean() ? experiments.subList(0, 1) : experiments.subList(0, 3);
      List<String> expected =
          all.stream()
              .filter(run -> where.contains(new ExperimentId(run.experiment())))
              .filter(run -> List.of(view.stages()).contains(run.stage()))
              .filter(run -> run.matches(filter))
              .sorted(SearchedRun.by(order))
              .map(SearchedRun::id)
              .toList();
      RunQuery query = RunQuery.of(where, view, filter, order);

      List<String> actual = walk(search, query, 1 + random.nextInt(80));

      assertThat(actual)
          .as("%s | %s | %s | %s", filterText, orderTexts, view, where)
          .isEqualTo(expected);
      found += actual.size();
    }
    assertThat(found).isGreaterThan(2000);
  }

  private static List<String> walk(RunSearch search, RunQuery query, int limit) {
    List<String> ids = new ArrayList<>();
    RunSearch.Place place = null;
    do {
      RunSearch.Place after = place;
      RunSearch.Found page = search.find(query, after, limit);
      assertThat(page.runs()).hasSizeLessThanOrEqualTo(limit);
      page.runs().forEach(run -> ids.add(run.info().runId()));
      place = page.next();
    } while (place != null);
    return ids;
  }

  @ParameterizedTest
  @MethodSource("ways")
  void losesAndDoublesNoRunWhileOthersAreInserted(RunSearch.Limits limits) {
    RunSearch search = search(limits);
    for (List<String> order :
        List.of(
            List.<String>of(),
            List.of("metrics.a DESC"),
            List.of("metrics.a", "params.p desc"),
            List.of("run_name"))) {
      Random random = new Random(order.hashCode());
      ExperimentId experiment = experiment();
      List<SearchedRun> before = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        before.add(random(random, experiment));
      }
      SearchedRun.store(tracking.database(), before);
      RunQuery query =
          RunQuery.of(
              List.of(experiment),
              ViewType.ALL,
              Vocabulary.RUNS.filter("metrics.a IS NULL OR metrics.a > -1"),
              Vocabulary.RUNS.order(order));
      List<String> expected =
          before.stream().filter(run -> run.matches(query.filter())).map(SearchedRun::id).toList();
      List<String> seen = new ArrayList<>();
      RunSearch.Place place = null;
      do {
        RunSearch.Place after = place;
        RunSearch.Found page = search.find(query, after, 7);
        page.runs().forEach(run -> seen.add(run.info().runId()));
        place = page.next();
        if (seen.size() < 500) {
          SearchedRun.store(
              tracking.database(),
              Stream.generate(() -> random(random, experiment)).limit(3).toList());
        }
      } while (place != null);

      assertThat(seen).doesNotHaveDuplicates().containsAll(expected);
      assertThat(seen.stream().filter(expected::contains).toList())
          .hasSameElementsAs(expected)
          .hasSameSizeAs(expected);
    }
  }

  @Test
  void knowsWhatWasLoggedToARunItFinds() {
    SearchedRun run = all.getFirst();
    RunQuery query =
        RunQuery.of(
            experiments,
            ViewType.ALL,
            Vocabulary.RUNS.filter("run_id = '" + run.id() + "'"),
            List.of());

    RunMessages.Whole found =
        search(RunSearch.Limits.USUAL).find(query, null, 10).runs().getFirst();

    JsonNode data = JsonMapper.shared().readTree(found.data());
    assertThat(texts(data.path("params"))).isEqualTo(run.params());
    assertThat(texts(data.path("tags"))).isEqualTo(run.tags());
    Map<String, Double> metrics = new TreeMap<>();
    data.path("metrics")
        .forEach(
            metric ->
                metrics.put(
                    metric.path("key").stringValue(),
                    Double.valueOf(metric.path("value").asString())));
    assertThat(metrics).isEqualTo(run.metrics());
    assertThat(
            found.inputs().datasetInputs().stream().map(input -> input.dataset().name()).distinct())
        .containsExactlyInAnyOrderElementsOf(
            run.inputs().stream().map(Input::name).distinct().toList());
  }

  private static Map<String, String> texts(JsonNode pairs) {
    Map<String, String> texts = new TreeMap<>();
    pairs.forEach(
        pair -> texts.put(pair.path("key").stringValue(), pair.path("value").stringValue()));
    return texts;
  }
}
