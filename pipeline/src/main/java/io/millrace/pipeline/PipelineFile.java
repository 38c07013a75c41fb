package io.millrace.pipeline;

import java.util.ArrayList;
import java.util.List;

/**
 * The pipeline file: YAML in, a checked {@link Pipeline} or every problem out. JSON is accepted as
 * well, being YAML. Nothing in the text is executed, constructed or expanded.
 */
public final class PipelineFile {
  private PipelineFile() {}

  /** Reads and checks a file's text, at most 32 Ki characters. */
  public static Parsed parse(String yaml) {
    List<Problem> problems = new ArrayList<>();
    Tree tree;
    try {
      tree = YamlTree.read(yaml, problems);
    } catch (Unreadable e) {
      return new Parsed.Invalid(List.of(e.problem()));
    }
    Values values = new Checker(problems, false).file(tree);
    return values == null || !problems.isEmpty()
        ? new Parsed.Invalid(problems)
        : new Parsed.Valid(Pipeline.of(values));
  }

  /**
   * A commented file that works as it is, to begin with.
   *
   * @param name pipeline name
   * @param dataset dataset as pushed
   * @param target column to predict
   */
  public static String template(String name, String dataset, String target) {
    return """
        # A Millrace pipeline: what to train on, with what, and how it reaches its users.
        # Every key is described in docs/pipeline.md; what is left out has the default shown there.
        name: %s

        dataset:
          name: %s
          version: latest            # or a number
          target: %s
          split: {train: 0.7, validation: 0.15, test: 0.15, stratify: true, seed: 42}

        validate:
          profile: strict            # a failed data check stops the run

        train:
          trainer: smile/random-forest   # or dl4j/mlp
          params: {trees: 300}
          seed: 42
          resources: {memory: 1g, timeout: 30m}

        evaluate:
          gates:                     # all must hold before the model goes anywhere
            - {metric: roc_auc, at-least: 0.8}
            - {metric: roc_auc, not-worse-than: champion, by: 0.01}

        promote:
          environments: [staging, production]
          # approval: {production: {approvers: 1}}   # wait for a person

        monitor:
          window: 1h                 # or rows: 1000
          drift: {auto: true, share: 0.5}
          on-drift: alert            # or retrain
        """
        .formatted(scalar(name), scalar(dataset), scalar(target));
  }

  private static String scalar(String text) {
    if (text.matches("[A-Za-z][A-Za-z0-9_./-]*") && !text.equalsIgnoreCase("null")) {
      return text;
    }
    StringBuilder quoted = new StringBuilder("\"");
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '"', '\\' -> quoted.append('\\').appendCodePoint(c);
                default -> {
                  if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
                    quoted.append("\\u%04x".formatted(c));
                  } else {
                    quoted.appendCodePoint(c);
                  }
                }
              }
            });
    return quoted.append('"').toString();
  }
}
