package io.millrace.deployment.paging;

import io.millrace.deployment.refusals.Refusal;
import io.millrace.problems.ApiProblem;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The position after the last item of a page, opaque to clients. */
public final class PageToken {
  private static final String SEPARATOR = "\u0000";
  private static final int MOST = 1000;

  private PageToken() {}

  public static String encode(String... parts) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(String.join(SEPARATOR, parts).getBytes(StandardCharsets.UTF_8));
  }

  /** The parts of a token; empty where there is none. */
  public static List<String> decode(@Nullable String token, int parts) {
    if (token == null || token.isEmpty()) {
      return List.of();
    }
    try {
      List<String> decoded =
          List.of(
              new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8)
                  .split(SEPARATOR, -1));
      if (decoded.size() == parts) {
        return decoded;
      }
    } catch (IllegalArgumentException e) {
      throw bad();
    }
    throw bad();
  }

  /** A part that is a number. */
  public static long number(String part) {
    try {
      return Long.parseLong(part);
    } catch (NumberFormatException e) {
      throw bad();
    }
  }

  /** A page size, 1 to 1000. */
  public static int limit(int asked) {
    if (asked < 1 || asked > MOST) {
      throw Refusal.invalid("bad-limit", "limit is " + asked + "; give 1 to " + MOST + ".");
    }
    return asked;
  }

  private static ApiProblem bad() {
    return Refusal.invalid(
        "bad-page-token",
        "The pageToken is not one this list gave out; leave it out to start over.");
  }
}
