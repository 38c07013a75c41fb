package io.millrace.tracking.intake;

import io.millrace.tracking.mlflow.Names;
import java.util.Optional;

/**
 * Id of a training request, which is the id of its whole flow: 1 to 200 characters, none of them a
 * control character.
 */
record RequestId(String value) {

  private static final int LONGEST = 200;

  RequestId {
    if (!valid(value)) {
      throw new IllegalArgumentException(
          "A request id has 1 to %d characters, none of them a control character."
              .formatted(LONGEST));
    }
  }

  static Optional<RequestId> parse(String text) {
    return valid(text) ? Optional.of(new RequestId(text)) : Optional.empty();
  }

  /**
   * The id in a request, or, where it has none that can be one, what else identifies the record.
   */
  static RequestId of(String given, String commandId) {
    return parse(given).orElseGet(() -> tidied(commandId));
  }

  private static RequestId tidied(String commandId) {
    String text =
        Names.truncated(
            commandId
                .codePoints()
                .map(c -> Character.isISOControl(c) ? 0xfffd : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString(),
            LONGEST);
    return parse(text).orElseGet(() -> new RequestId("unnamed"));
  }

  private static boolean valid(String text) {
    return !text.isBlank()
        && text.length() <= LONGEST
        && text.chars().noneMatch(Character::isISOControl);
  }

  /** Whether a request gives an id that cannot be one. */
  static boolean unusable(String given) {
    return !given.isEmpty() && !valid(given);
  }

  @Override
  public String toString() {
    return value;
  }
}
