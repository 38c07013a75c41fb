package io.millrace.tracking.paging;

import io.millrace.problems.ApiProblem;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/** Where the next page of a list begins: the key of the last row, opaque to clients. */
public record PageToken(List<String> key) {

  private static final String SEPARATOR = "\n";

  /** The token that goes on after a row with that key. */
  public static String after(Object... key) {
    StringBuilder text = new StringBuilder();
    for (Object part : key) {
      text.append(text.isEmpty() ? "" : SEPARATOR).append(part);
    }
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.toString().getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Reads a token; empty for an empty text.
   *
   * @param parts how many parts its key must have
   * @throws ApiProblem {@code invalid-page-token} where it is not such a token
   */
  public static Optional<PageToken> parse(String token, int parts) {
    if (token.isEmpty()) {
      return Optional.empty();
    }
    try {
      byte[] bytes = Base64.getUrlDecoder().decode(token);
      List<String> key = List.of(new String(bytes, StandardCharsets.UTF_8).split(SEPARATOR, parts));
      if (key.size() == parts) {
        return Optional.of(new PageToken(key));
      }
    } catch (IllegalArgumentException notBase64) {
      throw invalid();
    }
    throw invalid();
  }

  /** A part that is text. */
  public String text(int part) {
    return key.get(part);
  }

  /** A part that is a whole number. */
  public long number(int part) {
    try {
      return Long.parseLong(key.get(part));
    } catch (NumberFormatException notOurs) {
      throw invalid();
    }
  }

  private static ApiProblem invalid() {
    return new ApiProblem(
        400,
        "invalid-page-token",
        "Invalid page token: it is not one that this list gave. Begin again without it.");
  }
}
