package io.millrace.tracking.registry;

import io.millrace.tracking.mlflow.MlflowException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Where a client says that a model is. */
final class ModelSource {

  private static final int MOST_DECODINGS = 10;

  private ModelSource() {}

  /**
   * Accepts a URI that stays where it points: no local path, no relative part, however often it is
   * percent-encoded.
   */
  static String checked(String source) {
    String plain = source;
    for (int i = 0; i < MOST_DECODINGS; i++) {
      String decoded;
      try {
        decoded = URLDecoder.decode(plain.replace("+", "%2B"), StandardCharsets.UTF_8);
      } catch (IllegalArgumentException notEncoded) {
        throw invalid(source);
      }
      if (decoded.equals(plain)) {
        break;
      }
      plain = decoded;
    }
    int colon = plain.indexOf(':');
    boolean local = colon < 2 || plain.regionMatches(true, 0, "file:", 0, 5);
    boolean climbs = Arrays.asList(plain.split("[/\\\\]", -1)).contains("..");
    if (local || climbs || plain.indexOf('\0') >= 0) {
      throw invalid(source);
    }
    return source;
  }

  private static MlflowException invalid(String source) {
    return MlflowException.invalid(
        "Invalid model version source: '%s'. If supplying a source as an http, https, local file path, ftp, objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path references present. Please provide an absolute path."
            .formatted(source));
  }
}
