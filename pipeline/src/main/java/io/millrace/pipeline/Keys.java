package io.millrace.pipeline;

import io.millrace.pipeline.Problem.Code;
import io.millrace.pipeline.Shape.Choice;
import io.millrace.pipeline.Shape.Decimal;
import io.millrace.pipeline.Shape.Flag;
import io.millrace.pipeline.Shape.ListOf;
import io.millrace.pipeline.Shape.ListOrSection;
import io.millrace.pipeline.Shape.Loose;
import io.millrace.pipeline.Shape.Named;
import io.millrace.pipeline.Shape.Section;
import io.millrace.pipeline.Shape.Size;
import io.millrace.pipeline.Shape.Text;
import io.millrace.pipeline.Shape.Time;
import io.millrace.pipeline.Shape.Whole;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Every key of the pipeline file, declared here and nowhere else: the reader, the errors, the
 * defaults and the reference in {@code docs/pipeline.md} follow from it.
 */
final class Keys {
  static final String LATEST = "latest";

  /** Doubles carry these exactly, and so does every JSON reader. */
  private static final long MAX_EXACT = (1L << 53) - 1;

  private static final Text SLUG =
      text(
          "a name of small letters, digits and dashes, at most 63",
          "[a-z0-9]([a-z0-9-]*[a-z0-9])?",
          63);
  private static final Text DATASET_NAME =
      text(
          "a name of small letters, digits, dots, dashes and underscores, at most 100",
          "[a-z0-9][a-z0-9._-]*",
          100);
  private static final Text VERSION =
      text("latest, or a version number from 1", "latest|[1-9][0-9]{0,8}", 9);
  private static final Text COLUMN =
      text("the name of a column, at most 200 characters", "(?s).*\\S.*", 200);
  private static final Text METRIC =
      text(
          "the name of a metric, such as roc_auc, at most 100 characters",
          "[A-Za-z][A-Za-z0-9_.@-]*",
          100);
  private static final Decimal SHARE = new Decimal(0.01, 0.98);
  private static final Whole SEED = new Whole(0, MAX_EXACT);
  private static final Named PARAMS =
      new Named("names of parameters with their values", new Loose(), 50);

  private static final Section SPLIT =
      new Section(
              Key.withDefault("train", SHARE, "0.7", "Share of the rows the trainer learns from."),
              Key.withDefault(
                  "validation",
                  SHARE,
                  "0.15",
                  "Share of the rows for the trainer's own measurements and the check that the"
                      + " ONNX export gives the same answers."),
              Key.withDefault(
                  "test",
                  SHARE,
                  "0.15",
                  "Share of the rows held out: no trainer sees them, the evaluation uses nothing"
                      + " else."),
              Key.withDefault(
                  "stratify",
                  new Flag(),
                  "true",
                  "Keep the shares of the classes the same in each part. Has no effect on a numeric"
                      + " target."),
              Key.withDefault(
                  "seed",
                  SEED,
                  "42",
                  "Chooses the rows of each part; the same seed, the same rows."))
          .obeying(Keys::sharesAddUpToOne);

  private static final Section DATASET =
      new Section(
          Key.required("name", DATASET_NAME, "The dataset, as it was pushed."),
          Key.withDefault(
              "version",
              VERSION,
              LATEST,
              "Which version of it. What `latest` was at the time of the request is written down"
                  + " with the run."),
          Key.required("target", COLUMN, "The column to predict."),
          Key.group("split", "How the rows are divided.", SPLIT));

  private static final Section VALIDATE =
      new Section(
          Key.withDefault(
              "profile",
              new Choice(List.of("strict", "lenient", "off")),
              "strict",
              "Data checks before training: `strict` stops the run when a check fails, `lenient`"
                  + " reports and goes on, `off` checks nothing."));

  private static final Section TRAIN =
      new Section(
          Key.required(
              "trainer",
              new Choice(List.of("smile/random-forest", "dl4j/mlp")),
              "The program that trains."),
          Key.optional(
              "params",
              PARAMS,
              "Parameters of the trainer, which checks them itself. A list counts as its values"
                  + " joined by commas."),
          Key.withDefault("seed", SEED, "42", "Seed of every random choice of the trainer."),
          Key.group(
              "resources",
              "Limits of the trainer's process.",
              new Section(
                  Key.withDefault(
                      "memory",
                      new Size(128L << 20, 1L << 40),
                      "1g",
                      "Memory it may use; beyond that it is stopped."),
                  Key.withDefault(
                      "timeout",
                      new Time(Duration.ofSeconds(1), Duration.ofDays(7)),
                      "30m",
                      "Time it may take; beyond that it is stopped."))));

  private static final ListOf RANGE =
      new ListOf(new Decimal(-Double.MAX_VALUE, Double.MAX_VALUE), 2, 2);

  private static final Section SWEEP =
      new Section(
              Key.withDefault(
                  "strategy",
                  new Choice(List.of("random", "grid")),
                  "random",
                  "How the trials are chosen."),
              Key.withDefault("trials", new Whole(1, 1000), "10", "How many runs at most."),
              Key.optional("maximize", METRIC, "The metric the best trial has the most of."),
              Key.optional("minimize", METRIC, "The metric the best trial has the least of."),
              Key.required(
                  "space",
                  new Named(
                      "parameters of the trainer, each with a list of values or a range",
                      new ListOrSection(
                          new ListOf(new Loose(), 1, 100),
                          new Section(
                                  Key.optional(
                                      "int", RANGE, "Whole numbers from the first to the second."),
                                  Key.optional(
                                      "float", RANGE, "Numbers from the first to the second."),
                                  Key.optional(
                                      "log-float",
                                      RANGE,
                                      "Numbers from the first to the second, even on a logarithmic scale."))
                              .obeying(exactlyOne("int", "float", "log-float"))),
                      20),
                  "What is tried."))
          .obeying(exactlyOne("maximize", "minimize"));

  private static final Section GATE =
      new Section(
              Key.required("metric", METRIC, "The metric of the held-out rows it looks at."),
              Key.optional(
                  "at-least",
                  new Decimal(-Double.MAX_VALUE, Double.MAX_VALUE),
                  "Lets the model through from this value on."),
              Key.optional(
                  "at-most",
                  new Decimal(-Double.MAX_VALUE, Double.MAX_VALUE),
                  "Lets the model through up to this value."),
              Key.optional(
                  "not-worse-than",
                  new Choice(List.of("champion")),
                  "Lets the model through where it is not worse than the version serving in the"
                      + " last environment. Without such a version it lets through."),
              Key.optional(
                  "by",
                  new Decimal(0, Double.MAX_VALUE),
                  "With `not-worse-than`: how much worse it may be; 0 where it is left out."))
          .obeying(Keys::gateHasOneCondition);

  private static final Section EVALUATE =
      new Section(
          Key.withDefault(
              "gates",
              new ListOf(GATE, 0, 20),
              "[]",
              "Conditions on the way to an environment. All must hold; without any, every model"
                  + " passes."),
          Key.withDefault(
              "slices",
              new ListOf(COLUMN, 0, 20),
              "[]",
              "Columns whose values are also measured one by one."),
          Key.group(
              "bootstrap",
              "How the intervals of the metrics are estimated.",
              new Section(
                  Key.withDefault(
                      "resamples",
                      new Whole(100, 20_000),
                      "1000",
                      "Times the held-out rows are drawn again."),
                  Key.withDefault(
                      "confidence",
                      new Decimal(0.5, 0.999),
                      "0.95",
                      "Confidence of the intervals."))));

  private static final Section ROLLOUT =
      new Section(
          Key.required(
              "canary",
              new ListOf(new Whole(1, 100), 1, 10),
              "Percentages of the requests that the new version gets, one step after the other."),
          Key.withDefault(
              "every",
              new Time(Duration.ofSeconds(10), Duration.ofDays(7)),
              "10m",
              "Time between the steps."),
          Key.optional(
              "abort-if",
              new Named(
                  "names of serving metrics, such as error-rate, with the value they must not pass",
                  new Decimal(0, Double.MAX_VALUE),
                  10),
              "What turns the roll-out back."));

  private static final Section PROMOTE =
      new Section(
              Key.withDefault(
                  "environments",
                  new ListOf(SLUG, 1, 10),
                  "[staging, production]",
                  "Environments the model goes to, in this order; each after the one before serves"
                      + " it."),
              Key.optional(
                  "approval",
                  new Named(
                      "names of environments",
                      new Section(
                          Key.withDefault(
                              "approvers",
                              new Whole(1, 10),
                              "1",
                              "How many people must approve. Who asked for the training is never one"
                                  + " of them.")),
                      10),
                  "Environments that wait for people. The others are automatic."),
              Key.optional("rollout", ROLLOUT, "Bring the new version in step by step."))
          .obeying(Keys::promotionIsPossible);

  private static final Section MONITOR =
      new Section(
              Key.optional(
                  "window",
                  new Time(Duration.ofSeconds(10), Duration.ofDays(31)),
                  "Compare after this time. Without `window` and `rows` it is 1h."),
              Key.optional(
                  "rows",
                  new Whole(20, 10_000_000),
                  "Compare after this many rows, instead of a time."),
              Key.group(
                  "drift",
                  "When the rows of a window count as different from the training data.",
                  new Section(
                      Key.withDefault(
                          "auto", new Flag(), "true", "Whether drift is looked for at all."),
                      Key.withDefault(
                          "share",
                          new Decimal(0.001, 1),
                          "0.5",
                          "Share of drifted columns from which the whole counts as drifted."),
                      Key.withDefault(
                          "min-rows",
                          new Whole(5, 10_000_000),
                          "30",
                          "A window with fewer rows gets no verdict."),
                      Key.withDefault(
                          "threshold",
                          new Decimal(0.000_001, 0.5),
                          "0.05",
                          "A column has drifted where its corrected p-value is below this."),
                      Key.withDefault(
                          "correction",
                          new Choice(List.of("benjamini-hochberg", "bonferroni")),
                          "benjamini-hochberg",
                          "How p-values are corrected for looking at many columns at once."))),
              Key.withDefault(
                  "on-drift",
                  new Choice(List.of("alert", "retrain")),
                  "alert",
                  "What follows: `alert` tells, `retrain` tells and asks for a new training."))
          .obeying(Keys::monitorHasOneWindow);

  static final Section FILE =
      new Section(
          Key.required("name", SLUG, "Name of the pipeline, of its experiment and of its model."),
          Key.required("dataset", DATASET, "The data."),
          Key.group("validate", "Checks of the data.", VALIDATE),
          Key.required("train", TRAIN, "The training."),
          Key.optional(
              "sweep",
              SWEEP.obeying(
                  (values, complaints) -> {
                    SWEEP.rule().check(values, complaints);
                    complaints.add(
                        Code.NOT_SUPPORTED_YET,
                        "",
                        "sweep is read but not carried out by this version; remove it, and give"
                            + " the parameters to try under train.params, one request each");
                  }),
              "Several trials with different parameters."),
          Key.group("evaluate", "The verdict.", EVALUATE),
          Key.group("promote", "The way to the users.", PROMOTE),
          Key.group("monitor", "Watching what is served.", MONITOR));

  private static final Map<String, Tree> FALLBACKS = new ConcurrentHashMap<>();

  private Keys() {}

  private static Text text(String words, String form, int maxLength) {
    return new Text(words, Pattern.compile(form), maxLength);
  }

  /** The value of a key that is not given. */
  static Tree fallbackOf(Key key) {
    return FALLBACKS.computeIfAbsent(
        String.valueOf(key.fallback()),
        yaml -> {
          try {
            return YamlTree.read(yaml, new ArrayList<>());
          } catch (Unreadable e) {
            throw new IllegalStateException(key.name() + " has a default that is not YAML", e);
          }
        });
  }

  private static Shape.Rule exactlyOne(String... keys) {
    return (values, complaints) -> {
      List<String> given = Stream.of(keys).filter(values::has).toList();
      if (given.size() != 1) {
        complaints.add(
            given.isEmpty() ? Code.MISSING_KEY : Code.CONFLICT,
            "",
            "give exactly one of "
                + String.join(", ", keys)
                + "; here "
                + (given.isEmpty() ? "there is none" : "there are " + String.join(", ", given)));
      }
    };
  }

  private static void sharesAddUpToOne(Values split, Shape.Complaints complaints) {
    double sum = split.decimal("train") + split.decimal("validation") + split.decimal("test");
    if (Math.abs(sum - 1) > 1e-6) {
      complaints.add(
          Code.CONFLICT,
          "",
          "train %s, validation %s and test %s add up to %s; make them add up to 1"
              .formatted(
                  split.decimal("train"),
                  split.decimal("validation"),
                  split.decimal("test"),
                  Math.round(sum * 1e6) / 1e6));
    }
  }

  private static void gateHasOneCondition(Values gate, Shape.Complaints complaints) {
    exactlyOne("at-least", "at-most", "not-worse-than").check(gate, complaints);
    if (gate.has("by") && !gate.has("not-worse-than")) {
      complaints.add(
          Code.CONFLICT, "by", "`by` belongs to `not-worse-than: champion`; remove it here");
    }
  }

  private static void promotionIsPossible(Values promote, Shape.Complaints complaints) {
    List<String> environments = promote.list("environments");
    Set<String> seen = new HashSet<>();
    for (String environment : environments) {
      if (!seen.add(environment)) {
        complaints.add(
            Code.CONFLICT, "environments", environment + " is listed twice; keep one of them");
      }
    }
    for (String environment : promote.<Values>named("approval").keySet()) {
      if (!environments.contains(environment)) {
        complaints.add(
            Code.CONFLICT,
            "approval",
            "approval names "
                + environment
                + ", which is not among the environments "
                + String.join(", ", environments));
      }
    }
    if (promote.has("rollout")) {
      complaints.add(
          Code.NOT_SUPPORTED_YET,
          "rollout",
          "rollout is read but not carried out by this version; remove it: a new version takes"
              + " over at once, without dropping a request");
    }
  }

  private static void monitorHasOneWindow(Values monitor, Shape.Complaints complaints) {
    if (monitor.has("window") && monitor.has("rows")) {
      complaints.add(
          Code.CONFLICT, "rows", "window and rows are both given; keep the one to compare after");
    }
    if (monitor.has("rows") && monitor.section("drift").whole("min-rows") > monitor.whole("rows")) {
      complaints.add(
          Code.CONFLICT,
          "rows",
          "windows of %d rows never reach drift.min-rows %d; lower min-rows or raise rows"
              .formatted(monitor.whole("rows"), monitor.section("drift").whole("min-rows")));
    }
  }
}
