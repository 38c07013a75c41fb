package io.millrace.pipeline;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** The reference of the pipeline file, written from the declared keys. */
final class PipelineReference {
  private PipelineReference() {}

  static String markdown() {
    StringBuilder page = new StringBuilder();
    page.append(
        """
        # Pipeline file

        <!-- Generated from pipeline/src/main/java/io/millrace/pipeline/Keys.java. To renew it:
             ./mvnw -pl pipeline test -Dtest=PipelineReferenceTest -Dmillrace.update=true -->

        One YAML file says what to train on, with what, and how the model reaches its users.
        `millrace init` writes one to begin with. What is left out has its default; a key that does
        not exist is an error which names the nearest one that does.

        ```yaml
        """);
    page.append(PipelineFile.template("breast-cancer", "breast-cancer-wisconsin", "diagnosis"));
    page.append("```\n\n## Keys\n\n");
    table(page, "", Keys.FILE.keys());
    sections(page, "", Keys.FILE.keys());
    page.append(
        """
        ## Values

        - A duration is a number with `ms`, `s`, `m`, `h` or `d`, or several of them: `90s`, `1h30m`.
        - A size is a number of bytes, or with `k`, `m`, `g` or `t` (powers of 1024): `512m`, `2g`.
        - Text needs quotes only where YAML would read it otherwise. `true` and `false` are the only
          switches; `yes`, `no`, `on` and `off` stay words.
        - Aliases (`*name`), tags (`!name`) and a second document are refused, as are files of more
          than 32768 characters.

        ## Overrides

        A request may replace single values by their dotted path, `millrace run --set
        train.params.trees=500`, or `overrides` in `TrainRequested`. Items of a list are counted from
        0: `evaluate.gates[0].at-least`. Lists and groups are given as YAML: `promote.environments`
        = `[staging]`. The result is checked like a file.

        ## Errors

        All problems are reported together, each with a message that says what is wrong, where, and
        how to mend it, the path of the value, and a code:

        | code | meaning |
        |---|---|
        """);
    for (Problem.Code code : Problem.Code.values()) {
      page.append("| `").append(code.text()).append("` | ").append(code.meaning()).append(" |\n");
    }
    return page.toString();
  }

  private static void sections(StringBuilder page, String path, List<Key> keys) {
    for (Key key : keys) {
      Shape.Section section = sectionOf(key.shape());
      if (section != null) {
        String at = path.isEmpty() ? key.name() : path + "." + key.name();
        String shown =
            at
                + switch (key.shape()) {
                  case Shape.ListOf _ -> "[]";
                  case Shape.Named _ -> ".<name>";
                  default -> "";
                };
        page.append("### ").append(shown.replace("<", "\\<")).append("\n\n");
        page.append(key.doc()).append("\n\n");
        table(page, shown, section.keys());
        sections(page, shown, section.keys());
      }
    }
  }

  private static Shape.@Nullable Section sectionOf(Shape shape) {
    return switch (shape) {
      case Shape.Section section -> section;
      case Shape.ListOf list -> sectionOf(list.item());
      case Shape.Named named -> sectionOf(named.value());
      case Shape.ListOrSection either -> either.section();
      default -> null;
    };
  }

  private static void table(StringBuilder page, String path, List<Key> keys) {
    page.append("| key | value | default | |\n|---|---|---|---|\n");
    for (Key key : keys) {
      page.append("| `").append(key.name()).append("` | ");
      page.append(sectionOf(key.shape()) == null ? key.shape().words() : group(path, key));
      page.append(" | ").append(fallback(key)).append(" | ").append(key.doc()).append(" |\n");
    }
    page.append('\n');
  }

  private static String group(String path, Key key) {
    String at = (path.isEmpty() ? "" : path + ".") + key.name();
    return switch (key.shape()) {
      case Shape.ListOf list ->
          "a list of %d to %d groups, see %s[]".formatted(list.min(), list.max(), at);
      case Shape.Named named -> named.words() + "; see " + at;
      default -> "a group, see " + at;
    };
  }

  private static String fallback(Key key) {
    return switch (key.need()) {
      case REQUIRED -> "**needed**";
      case OPTIONAL -> "none";
      case DEFAULTED ->
          String.valueOf(key.fallback()).equals("{}") ? "its defaults" : "`" + key.fallback() + "`";
    };
  }
}
