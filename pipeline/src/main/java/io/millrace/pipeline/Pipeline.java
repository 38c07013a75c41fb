package io.millrace.pipeline;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A pipeline with every value filled in and checked. Comes from {@link PipelineFile#parse} or
 * {@link #fromJson}; immutable. The meaning and range of each value is in {@code docs/pipeline.md}.
 *
 * @param name name of the pipeline, its experiment and its model
 */
public record Pipeline(
    String name,
    Dataset dataset,
    Validate validate,
    Train train,
    Evaluate evaluate,
    Promote promote,
    Monitor monitor) {

  /** The data and what to predict from it. */
  public record Dataset(String name, Version version, String target, Split split) {}

  /**
   * Which version of the dataset.
   *
   * @param number from 1; null is whatever is the newest when a request is accepted
   */
  public record Version(@Nullable Integer number) {
    public static final Version LATEST = new Version(null);

    public Version {
      if (number != null && number < 1) {
        throw new IllegalArgumentException("dataset versions count from 1, not " + number);
      }
    }

    public boolean isLatest() {
      return number == null;
    }

    @Override
    public String toString() {
      return number == null ? Keys.LATEST : number.toString();
    }
  }

  /** Shares of the rows; the three add up to 1. */
  public record Split(double train, double validation, double test, boolean stratify, long seed) {
    public Split {
      if (Math.abs(train + validation + test - 1) > 1e-6) {
        throw new IllegalArgumentException(
            "shares add up to " + (train + validation + test) + " instead of 1");
      }
    }
  }

  /** Data checks before training. */
  public record Validate(Profile profile) {}

  /** How strictly the data is checked. */
  public enum Profile {
    STRICT,
    LENIENT,
    OFF
  }

  /**
   * The training.
   *
   * @param params as written, not yet checked: the trainer does that
   * @param seed 0 or more
   */
  public record Train(String trainer, Map<String, String> params, long seed, Resources resources) {
    public Train {
      params = Collections.unmodifiableMap(new LinkedHashMap<>(params));
    }
  }

  /** Limits of the trainer's process. */
  public record Resources(long memoryBytes, Duration timeout) {
    public Resources {
      if (memoryBytes < 1 || !timeout.isPositive()) {
        throw new IllegalArgumentException("memory and timeout must be above 0");
      }
    }
  }

  /** The verdict on a trained model; all gates must let it through. */
  public record Evaluate(List<Gate> gates, List<String> slices, Bootstrap bootstrap) {
    public Evaluate {
      gates = List.copyOf(gates);
      slices = List.copyOf(slices);
    }
  }

  /**
   * How intervals are estimated.
   *
   * @param resamples 100 to 20 000
   * @param confidence 0.5 to 0.999
   */
  public record Bootstrap(int resamples, double confidence) {}

  /**
   * The way to the users.
   *
   * @param environments in order, at least one, without repetition
   * @param approvals the environments that wait for people
   */
  public record Promote(List<String> environments, Map<String, Approval> approvals) {
    public Promote {
      environments = List.copyOf(environments);
      approvals = Collections.unmodifiableMap(new LinkedHashMap<>(approvals));
      if (environments.isEmpty() || !environments.containsAll(approvals.keySet())) {
        throw new IllegalArgumentException(
            "approvals %s for environments %s".formatted(approvals.keySet(), environments));
      }
    }

    /** Approvals an environment needs; 0 where it is automatic. */
    public int approvers(String environment) {
      Approval approval = approvals.get(environment);
      return approval == null ? 0 : approval.approvers();
    }

    /** The first environment. */
    public String first() {
      return environments.getFirst();
    }

    /** The last environment, whose serving version is the champion. */
    public String last() {
      return environments.getLast();
    }

    /** The environment after the given one; null after the last and for one that is not listed. */
    public @Nullable String after(String environment) {
      int at = environments.indexOf(environment);
      return at < 0 || at + 1 == environments.size() ? null : environments.get(at + 1);
    }
  }

  /**
   * What people must do before an environment changes.
   *
   * @param approvers how many must approve, 1 to 10
   */
  public record Approval(int approvers) {}

  /**
   * Watching what is served. Exactly one of window and rows is set.
   *
   * @param window compare after this time
   * @param rows compare after this many rows
   */
  public record Monitor(
      @Nullable Duration window, @Nullable Integer rows, Drift drift, OnDrift onDrift) {
    public Monitor {
      if ((window == null) == (rows == null)) {
        throw new IllegalArgumentException("exactly one of window and rows is needed");
      }
    }
  }

  /**
   * When the rows of a window count as different from the training data.
   *
   * @param auto whether drift is looked for at all
   * @param share share of drifted columns from which the whole counts as drifted, above 0 to 1
   * @param minRows a window with fewer rows gets no verdict
   * @param threshold a column has drifted where its corrected p-value is below this
   */
  public record Drift(
      boolean auto, double share, int minRows, double threshold, Correction correction) {}

  /** Correction of p-values for looking at many columns at once. */
  public enum Correction {
    BENJAMINI_HOCHBERG,
    BONFERRONI
  }

  /** What follows when drift is found. */
  public enum OnDrift {
    ALERT,
    RETRAIN
  }

  /**
   * The canonical JSON: every value written out, keys as in the file and always in the same order,
   * so equal pipelines give equal text.
   */
  public String toJson() {
    return PipelineJson.write(this);
  }

  /**
   * Reads what {@link #toJson()} of this or a newer version wrote: keys that are not known are left
   * out.
   *
   * @throws InvalidPipeline if it is not a pipeline
   */
  public static Pipeline fromJson(String json) {
    return PipelineJson.read(json);
  }

  /**
   * This pipeline with some values replaced.
   *
   * @param overrides new values by dotted path, for example {@code train.params.trees} = {@code
   *     100}; lists and groups are given as YAML, for example {@code promote.environments} = {@code
   *     [staging]}
   */
  public Parsed withOverrides(Map<String, String> overrides) {
    return Overrides.apply(this, overrides);
  }

  static Pipeline of(Values file) {
    Values dataset = file.section("dataset");
    Values split = dataset.section("split");
    Values train = file.section("train");
    Values resources = train.section("resources");
    return new Pipeline(
        file.text("name"),
        new Dataset(
            dataset.text("name"),
            version(dataset.text("version")),
            dataset.text("target"),
            new Split(
                split.decimal("train"),
                split.decimal("validation"),
                split.decimal("test"),
                split.flag("stratify"),
                split.whole("seed"))),
        new Validate(Words.toConstant(Profile.class, file.section("validate").text("profile"))),
        new Train(
            train.text("trainer"),
            train.named("params"),
            train.whole("seed"),
            new Resources(resources.whole("memory"), resources.duration("timeout"))),
        evaluate(file.section("evaluate")),
        promote(file.section("promote")),
        monitor(file.section("monitor")));
  }

  private static Version version(String text) {
    return text.equals(Keys.LATEST) ? Version.LATEST : new Version(Integer.valueOf(text));
  }

  private static Evaluate evaluate(Values evaluate) {
    List<Gate> gates = new ArrayList<>();
    for (Values gate : evaluate.<Values>list("gates")) {
      String metric = gate.text("metric");
      if (gate.has("at-least")) {
        gates.add(new Gate.AtLeast(metric, gate.decimal("at-least")));
      } else if (gate.has("at-most")) {
        gates.add(new Gate.AtMost(metric, gate.decimal("at-most")));
      } else {
        gates.add(new Gate.NotWorseThanChampion(metric, gate.has("by") ? gate.decimal("by") : 0));
      }
    }
    Values bootstrap = evaluate.section("bootstrap");
    return new Evaluate(
        gates,
        evaluate.list("slices"),
        new Bootstrap(bootstrap.small("resamples"), bootstrap.decimal("confidence")));
  }

  private static Promote promote(Values promote) {
    Map<String, Approval> approvals = new LinkedHashMap<>();
    promote
        .<Values>named("approval")
        .forEach(
            (environment, approval) ->
                approvals.put(environment, new Approval(approval.small("approvers"))));
    return new Promote(promote.list("environments"), approvals);
  }

  private static final Duration DEFAULT_WINDOW = Duration.ofHours(1);

  private static Monitor monitor(Values monitor) {
    Values drift = monitor.section("drift");
    Integer rows = monitor.has("rows") ? (Integer) monitor.small("rows") : null;
    Duration window = monitor.has("window") ? monitor.duration("window") : DEFAULT_WINDOW;
    return new Monitor(
        rows == null ? window : null,
        rows,
        new Drift(
            drift.flag("auto"),
            drift.decimal("share"),
            drift.small("min-rows"),
            drift.decimal("threshold"),
            Words.toConstant(Correction.class, drift.text("correction"))),
        Words.toConstant(OnDrift.class, monitor.text("on-drift")));
  }
}
