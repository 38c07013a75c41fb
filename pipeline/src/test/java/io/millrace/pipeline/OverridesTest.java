package io.millrace.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OverridesTest {
  private final Pipeline pipeline =
      PipelineFile.parse(
              """
              name: churn
              dataset: {name: customers, target: left}
              train: {trainer: smile/random-forest, params: {trees: 10}}
              evaluate: {gates: [{metric: roc_auc, at-least: 0.9}]}
              """)
          .orThrow();

  @Test
  void replacesSingleValues() {
    Pipeline changed =
        pipeline
            .withOverrides(
                Map.of(
                    "train.params.trees", "500",
                    "train.params.max-depth", "7",
                    "dataset.version", "4",
                    "evaluate.gates[0].at-least", "0.5",
                    "promote.environments", "[staging]",
                    "monitor.rows", "100",
                    "train.resources.timeout", "10s"))
            .orThrow();
    assertThat(changed.train().params())
        .containsExactlyInAnyOrderEntriesOf(Map.of("trees", "500", "max-depth", "7"));
    assertThat(changed.dataset().version().number()).isEqualTo(4);
    assertThat(changed.evaluate().gates()).containsExactly(new Gate.AtLeast("roc_auc", 0.5));
    assertThat(changed.promote().environments()).containsExactly("staging");
    assertThat(changed.monitor().rows()).isEqualTo(100);
    assertThat(changed.monitor().window()).isNull();
    assertThat(changed.train().resources().timeout()).isEqualTo(Duration.ofSeconds(10));
    assertThat(pipeline.train().params()).containsEntry("trees", "10");
  }

  @Test
  void changesNothingWithoutOverrides() {
    assertThat(pipeline.withOverrides(Map.of()).orThrow()).isEqualTo(pipeline);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          train.parms.trees      | 5           | unknown-key   | did you mean params?
          trian.seed             | 5           | unknown-key   | did you mean train?
          evaluate.gates[3].by   | 5           | unknown-key   | has no gates[3]
          name.first             | 5           | unknown-key   | no keys of its own
          train..seed            | 5           | unknown-key   | write it like
          train.seed             | many        | wrong-type    | whole number
          promote.environments   | [staging    | syntax        | brackets
          monitor.rows           | 1           | out-of-range  | 20 to
          train.params           | {a: 1, a: 2} | syntax       | brackets
          """)
  void namesWhatIsWrong(String path, String value, String code, String words) {
    Parsed parsed = pipeline.withOverrides(Map.of(path, value));
    assertThat(parsed).isInstanceOf(Parsed.Invalid.class);
    assertThat(((Parsed.Invalid) parsed).problems())
        .anySatisfy(
            problem -> {
              assertThat(problem.code()).isEqualTo(code);
              assertThat(problem.message()).contains(words);
            });
  }

  @Test
  void refusesBothKindsOfWindow() {
    assertThat(pipeline.withOverrides(Map.of("monitor.rows", "50", "monitor.window", "10s")))
        .isInstanceOf(Parsed.Invalid.class);
  }
}
