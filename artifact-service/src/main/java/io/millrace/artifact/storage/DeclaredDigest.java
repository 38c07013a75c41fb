package io.millrace.artifact.storage;

import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.springframework.http.HttpHeaders;

/**
 * The SHA-256 that a sender says its bytes have: {@code Millrace-Sha256} (64 hex digits) or {@code
 * Repr-Digest} (RFC 9530, {@code sha-256=:base64:}).
 */
public final class DeclaredDigest {

  private static final Pattern REPR = Pattern.compile("sha-256=:([A-Za-z0-9+/]{43}=):");
  private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");

  private DeclaredDigest() {}

  /** The header is there and does not hold a digest. HTTP says 400. */
  public static final class Malformed extends RuntimeException {
    Malformed(String message) {
      super(message);
    }
  }

  /** The declared digest as 64 lower-case hex digits; null where none is declared. */
  public static @Nullable String of(HttpHeaders headers) {
    String hex = headers.getFirst("Millrace-Sha256");
    if (hex != null) {
      String lower = hex.strip().toLowerCase(Locale.ROOT);
      if (!HEX.matcher(lower).matches()) {
        throw new Malformed("Millrace-Sha256 must be the 64 hex digits of a SHA-256");
      }
      return lower;
    }
    String repr = headers.getFirst("Repr-Digest");
    if (repr == null || !repr.contains("sha-256=")) {
      return null;
    }
    Matcher matcher = REPR.matcher(repr);
    if (!matcher.find()) {
      throw new Malformed("Repr-Digest must hold sha-256=:<base64 of 32 bytes>:");
    }
    return HexFormat.of().formatHex(Base64.getDecoder().decode(matcher.group(1)));
  }

  /** The value of {@code Repr-Digest} for a digest in hex. */
  public static String header(String sha256) {
    return "sha-256=:" + Base64.getEncoder().encodeToString(HexFormat.of().parseHex(sha256)) + ":";
  }
}
