package io.millrace.changes;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;
import org.springframework.http.server.reactive.ServerHttpRequest;

/**
 * Who changes something, and why, as far as the request says it. Both can be kept as they are: they
 * are cut, never half of a pair, and hold no NUL, which PostgreSQL's text has not.
 *
 * @param by a name of at most 200 characters; {@link #NOBODY} where nobody said it
 * @param reason at most 2000 characters; null: none given
 */
public record Change(String by, @Nullable String reason) {

  /** Who it was where nobody says so. */
  public static final String NOBODY = "unknown";

  private static final String USER = "X-Millrace-User";
  private static final String REASON = "X-Millrace-Reason";
  private static final String BASIC = "Basic ";
  private static final int LONGEST_NAME = 200;
  private static final int LONGEST_REASON = 2000;

  public Change {
    by = by.isBlank() ? NOBODY : storable(by, LONGEST_NAME);
    reason = reason == null || reason.isBlank() ? null : storable(reason, LONGEST_REASON);
  }

  /**
   * By the headers {@code X-Millrace-User} and {@code X-Millrace-Reason}; without the first by the
   * user of Basic credentials, which MLflow's clients send where they have them.
   */
  public static Change of(ServerHttpRequest request) {
    HttpHeaders headers = request.getHeaders();
    String user = headers.getFirst(USER);
    String reason = headers.getFirst(REASON);
    return new Change(
        user != null && !user.isBlank() ? text(user) : basicUser(headers).orElse(NOBODY),
        reason == null ? null : text(reason));
  }

  private static Optional<String> basicUser(HttpHeaders headers) {
    String credentials = headers.getFirst(HttpHeaders.AUTHORIZATION);
    if (credentials == null || !credentials.regionMatches(true, 0, BASIC, 0, BASIC.length())) {
      return Optional.empty();
    }
    try {
      byte[] pair = Base64.getDecoder().decode(credentials.substring(BASIC.length()).strip());
      String user = new String(pair, StandardCharsets.UTF_8);
      return Optional.of(user.substring(0, Math.max(0, user.indexOf(':'))));
    } catch (IllegalArgumentException notBase64) {
      return Optional.empty();
    }
  }

  /** Headers arrive as Latin-1; people write UTF-8. */
  private static String text(String header) {
    return new String(header.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
  }

  private static String storable(String text, int most) {
    String said = text.strip().replace('\0', '\ufffd');
    return said.codePointCount(0, said.length()) <= most
        ? said
        : said.substring(0, said.offsetByCodePoints(0, most));
  }
}
