package io.millrace.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.pipeline.Pipeline.Correction;
import io.millrace.pipeline.Pipeline.OnDrift;
import io.millrace.pipeline.Pipeline.Profile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PipelineFileTest {
  private static final String SMALLEST =
      """
      name: churn
      dataset: {name: customers, target: left}
      train: {trainer: smile/random-forest}
      """;

  private static final String FULL =
      """
      name: breast-cancer
      dataset: {name: breast-cancer-wisconsin, version: 3, target: diagnosis, split: {train: 0.6, validation: 0.2, test: 0.2, stratify: false, seed: 7}}
      validate: {profile: lenient}
      train: {trainer: dl4j/mlp, params: {hidden: [64, 32], rate: 1e-3, shuffle: true}, seed: 9, resources: {memory: 2g, timeout: 1h30m}}
      evaluate: {gates: [{metric: roc_auc, at-least: 0.95}, {metric: log_loss, at-most: 0.3}, {metric: roc_auc, not-worse-than: champion, by: 0.01}], slices: [age-group], bootstrap: {resamples: 500, confidence: 0.9}}
      promote: {environments: [test, staging, production], approval: {production: {approvers: 2}}}
      monitor: {rows: 200, drift: {auto: false, share: 0.25, min-rows: 50, threshold: 0.01, correction: bonferroni}, on-drift: retrain}
      """;

  @Test
  void fillsInDefaults() {
    Pipeline pipeline = PipelineFile.parse(SMALLEST).orThrow();
    assertThat(pipeline.dataset().version().isLatest()).isTrue();
    assertThat(pipeline.dataset().split()).isEqualTo(new Pipeline.Split(0.7, 0.15, 0.15, true, 42));
    assertThat(pipeline.validate().profile()).isEqualTo(Profile.STRICT);
    assertThat(pipeline.train().params()).isEmpty();
    assertThat(pipeline.train().resources())
        .isEqualTo(new Pipeline.Resources(1L << 30, Duration.ofMinutes(30)));
    assertThat(pipeline.evaluate())
        .isEqualTo(new Pipeline.Evaluate(List.of(), List.of(), new Pipeline.Bootstrap(1000, 0.95)));
    assertThat(pipeline.promote().environments()).containsExactly("staging", "production");
    assertThat(pipeline.promote().approvers("production")).isZero();
    assertThat(pipeline.monitor())
        .isEqualTo(
            new Pipeline.Monitor(
                Duration.ofHours(1),
                null,
                new Pipeline.Drift(true, 0.5, 30, 0.05, Correction.BENJAMINI_HOCHBERG),
                OnDrift.ALERT));
  }

  @Test
  void readsEveryKey() {
    Pipeline pipeline = PipelineFile.parse(FULL).orThrow();
    assertThat(pipeline.dataset())
        .isEqualTo(
            new Pipeline.Dataset(
                "breast-cancer-wisconsin",
                new Pipeline.Version(3),
                "diagnosis",
                new Pipeline.Split(0.6, 0.2, 0.2, false, 7)));
    assertThat(pipeline.train())
        .isEqualTo(
            new Pipeline.Train(
                "dl4j/mlp",
                Map.of("hidden", "64,32", "rate", "1e-3", "shuffle", "true"),
                9,
                new Pipeline.Resources(2L << 30, Duration.ofMinutes(90))));
    assertThat(pipeline.evaluate().gates())
        .containsExactly(
            new Gate.AtLeast("roc_auc", 0.95),
            new Gate.AtMost("log_loss", 0.3),
            new Gate.NotWorseThanChampion("roc_auc", 0.01));
    assertThat(pipeline.promote().approvers("production")).isEqualTo(2);
    assertThat(pipeline.promote().after("staging")).isEqualTo("production");
    assertThat(pipeline.promote().after("production")).isNull();
    assertThat(pipeline.monitor().rows()).isEqualTo(200);
    assertThat(pipeline.monitor().window()).isNull();
    assertThat(pipeline.monitor().onDrift()).isEqualTo(OnDrift.RETRAIN);
  }

  @ParameterizedTest
  @ValueSource(strings = {SMALLEST, FULL})
  void survivesItsCanonicalJson(String yaml) {
    Pipeline pipeline = PipelineFile.parse(yaml).orThrow();
    assertThat(Pipeline.fromJson(pipeline.toJson())).isEqualTo(pipeline);
    assertThat(Pipeline.fromJson(pipeline.toJson()).toJson()).isEqualTo(pipeline.toJson());
    assertThat(PipelineFile.parse(pipeline.toJson()).orThrow()).isEqualTo(pipeline);
  }

  @Test
  void givesEqualJsonForEqualMeaning() {
    String reordered =
        """
        train: {trainer: "smile/random-forest"}
        monitor: {window: 60m}
        dataset:
          target: left
          split: {test: .15, train: 0.70}
          name: customers
        name: churn
        """;
    assertThat(PipelineFile.parse(reordered).orThrow().toJson())
        .isEqualTo(PipelineFile.parse(SMALLEST).orThrow().toJson());
  }

  @Test
  void readsJsonOfNewerVersions() {
    String json = PipelineFile.parse(SMALLEST).orThrow().toJson();
    String newer = json.replaceFirst("\\{", "{\"later\":{\"x\":[1]},");
    assertThat(Pipeline.fromJson(newer)).isEqualTo(PipelineFile.parse(SMALLEST).orThrow());
    assertThatThrownBy(() -> Pipeline.fromJson("{\"name\":"))
        .isInstanceOf(InvalidPipeline.class)
        .hasMessageStartingWith("not JSON");
  }

  @Test
  void templateIsAValidFile() {
    for (String target : List.of("left", "yes", "null", "was it: \"good\"?\n", "# no", "[x]")) {
      Pipeline pipeline =
          PipelineFile.parse(PipelineFile.template("churn", "customers", target)).orThrow();
      assertThat(pipeline.dataset().target()).isEqualTo(target);
    }
  }

  @Test
  void sampleIsAValidFile() throws IOException {
    Pipeline pipeline =
        PipelineFile.parse(Files.readString(Path.of("../samples/breast-cancer.yaml"))).orThrow();
    assertThat(pipeline.dataset().target()).isEqualTo("diagnosis");
    assertThat(pipeline.promote().environments()).containsExactly("staging", "production");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          name: churn                     | nmae: churn                       | unknown-key   | nmae                 | did you mean name?
          name: customers                 | naem: customers                   | unknown-key   | dataset.naem         | did you mean name?
          name: churn                     | name: Churn Model                 | invalid-value | name                 | small letters
          name: churn                     | name: [churn]                     | wrong-type    | name                 | here it is a list
          name: churn                     | # nothing                         | missing-key   | name                 | name is missing
          target: left                    | version: 1                        | missing-key   | dataset.target       | The column to predict
          target: left                    | target: left, version: newest     | invalid-value | dataset.version      | latest, or a version number
          target: left                    | target: left, target: right       | duplicate-key | dataset.target       | given twice
          target: left                    | target: left, split: {train: 0.9} | conflict      | dataset.split        | add up to 1.2
          target: left                    | target: left, split: {train: 2}   | out-of-range  | dataset.split.train  | 0.01 to 0.98
          target: left                    | target: left, split: {stratify: yes} | wrong-type | dataset.split.stratify | true or false
          trainer: smile/random-forest    | trainer: smile/randomforest       | invalid-value | train.trainer        | did you mean smile/random-forest?
          trainer: smile/random-forest    | trainer: dl4j/mlp, params: [1]    | wrong-type    | train.params         | names of parameters
          trainer: smile/random-forest    | trainer: dl4j/mlp, params: {a: {b: 1}} | wrong-type | train.params.a     | a single value
          trainer: smile/random-forest    | trainer: dl4j/mlp, resources: {memory: 2} | out-of-range | train.resources.memory | 128m to 1t
          trainer: smile/random-forest    | trainer: dl4j/mlp, resources: {timeout: 30} | wrong-type | train.resources.timeout | 10s, 30m
          trainer: smile/random-forest    | trainer: dl4j/mlp, seed: -1       | out-of-range  | train.seed           | is -1
          trainer: smile/random-forest    | trainer: dl4j/mlp, seed: 99999999999999999999 | wrong-type | train.seed  | whole number
          """)
  void namesWhatIsWrongAndWhere(
      String original, String replacement, String code, String path, String words) {
    List<Problem> problems = problems(SMALLEST.replaceFirst(original, replacement));
    assertThat(problems)
        .anySatisfy(
            problem -> {
              assertThat(problem.code()).isEqualTo(code);
              assertThat(problem.path()).isEqualTo(path);
              assertThat(problem.message()).contains(words).matches("(?s)line \\d+: .*");
            });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          evaluate: {gates: [{metric: roc_auc}]}                         | missing-key       | evaluate.gates[0]
          evaluate: {gates: [{metric: a, at-least: 1, at-most: 2}]}      | conflict          | evaluate.gates[0]
          evaluate: {gates: [{metric: a, at-least: 1, by: 2}]}           | conflict          | evaluate.gates[0].by
          evaluate: {gates: [{metric: a, at-least: NaN}]}                | wrong-type        | evaluate.gates[0].at-least
          evaluate: {gates: [{metric: a, not-worse-than: baseline}]}     | invalid-value     | evaluate.gates[0].not-worse-than
          evaluate: {bootstrap: {resamples: 5}}                          | out-of-range      | evaluate.bootstrap.resamples
          promote: {environments: []}                                    | out-of-range      | promote.environments
          promote: {environments: [a, a]}                                | conflict          | promote.environments
          promote: {environments: [a], approval: {b: {}}}                | conflict          | promote.approval
          promote: {rollout: {canary: [10, 50], abort-if: {error-rate: 0.1}}} | not-supported-yet | promote.rollout
          promote: {rollout: {canary: [10, 500]}}                        | out-of-range      | promote.rollout.canary[1]
          monitor: {window: 1h, rows: 100}                               | conflict          | monitor.rows
          monitor: {rows: 20}                                            | conflict          | monitor.rows
          monitor: {on-drift: panic}                                     | invalid-value     | monitor.on-drift
          sweep: {trials: 12, maximize: a.b, space: {trees: [100, 300], depth: {int: [3, 12]}}} | not-supported-yet | sweep
          sweep: {trials: 12, space: {trees: [100, 300]}}                | missing-key       | sweep
          sweep: {maximize: a, space: {trees: {int: [1, 2, 3]}}}         | out-of-range      | sweep.space.trees.int
          sweep: {maximize: a, space: {trees: {from: 1}}}                | unknown-key       | sweep.space.trees.from
          """)
  void checksTheOptionalSections(String section, String code, String path) {
    assertThat(problems(SMALLEST + section))
        .extracting(Problem::code, Problem::path)
        .contains(org.assertj.core.groups.Tuple.tuple(code, path));
  }

  @Test
  void reportsAllProblemsWithTheirLines() {
    List<Problem> problems =
        problems(
            """
            name: churn
            dataset:
              name: customers
              taget: left
            train:
              trainer: sklearn
              seed: x
            """);
    assertThat(problems)
        .extracting(Problem::code)
        .containsExactly("unknown-key", "missing-key", "invalid-value", "wrong-type");
    assertThat(problems.getFirst().message())
        .isEqualTo("line 4: \"taget\" is not a key of dataset; did you mean target?");
    assertThat(problems.getLast().message()).startsWith("line 7: train.seed must be");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "# only a comment\n", "---\n"})
  void refusesEmptyText(String text) {
    assertThat(problems(text))
        .singleElement()
        .satisfies(problem -> assertThat(problem.message()).contains("the file is empty"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          'a: [1, 2'                           | syntax
          'a: b: c'                            | syntax
          '? [a]\\n: b'                         | syntax
          'just words'                         | wrong-type
          '[1, 2]'                             | wrong-type
          'a: &x [1]\\nb: *x'                   | not-plain
          'a: !!javax.script.Something [b]'    | not-plain
          'a: 1\\n---\\nb: 2'                    | not-plain
          'a: [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]' | too-large
          """)
  void refusesWhatIsNotAPipeline(String text, String code) {
    assertThat(problems(text.replace("\\n", "\n"))).extracting(Problem::code).contains(code);
  }

  @Test
  void refusesHugeTextsQuickly() {
    assertThat(problems("x".repeat(10_000_000)))
        .extracting(Problem::code)
        .containsOnly("too-large");
    assertThat(problems("a: " + "[".repeat(30_000)))
        .extracting(Problem::code)
        .containsOnly("too-large");
    StringBuilder bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 12; i++) {
      bomb.append("a%d: &a%d [%s]\n".formatted(i, i, ("*a" + (i - 1) + ",").repeat(9)));
    }
    assertThat(problems(bomb.toString())).extracting(Problem::code).containsOnly("not-plain");
  }

  @Test
  void limitsTheNumberOfProblems() {
    StringBuilder text = new StringBuilder(SMALLEST);
    for (int i = 0; i < 500; i++) {
      text.append("wrong").append(i).append(": 1\n");
    }
    assertThat(problems(text.toString())).hasSize(50);
  }

  static List<Problem> problems(String text) {
    return switch (PipelineFile.parse(text)) {
      case Parsed.Valid valid -> throw new AssertionError("accepted: " + valid.pipeline());
      case Parsed.Invalid invalid -> invalid.problems();
    };
  }
}
