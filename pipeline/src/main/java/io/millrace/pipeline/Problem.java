package io.millrace.pipeline;

import org.jspecify.annotations.Nullable;

/**
 * One thing that is wrong with a pipeline file.
 *
 * @param code stable code, for programs: see {@link Code}
 * @param message what is wrong, where (with the line, as far as it is known) and how to mend it
 * @param path dotted path of the value, for example {@code evaluate.gates[0].metric}; null where it
 *     concerns the whole file
 */
public record Problem(String code, String message, @Nullable String path) {

  /** The stable codes. */
  enum Code {
    SYNTAX("not YAML that can be read"),
    TOO_LARGE("larger than a pipeline file may be, or nested too deeply"),
    NOT_PLAIN("YAML aliases, tags or several documents, which a pipeline file does not have"),
    UNKNOWN_KEY("a key that does not exist; the message names the nearest that does"),
    DUPLICATE_KEY("a key given twice"),
    MISSING_KEY("a key that is needed is not there"),
    WRONG_TYPE("another kind of value is expected"),
    OUT_OF_RANGE("the value is too small, too large, too long or too many"),
    INVALID_VALUE("the value is not one of the possible ones"),
    CONFLICT("values that do not go together"),
    NOT_SUPPORTED_YET("understood and correct, but this version cannot carry it out");

    private final String meaning;

    Code(String meaning) {
      this.meaning = meaning;
    }

    String text() {
      return Words.ofConstant(this);
    }

    String meaning() {
      return meaning;
    }
  }
}
