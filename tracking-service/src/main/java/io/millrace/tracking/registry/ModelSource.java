package io.millrace.tracking.registry;

import io.millrace.tracking.mlflow.MlflowException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;

/** Where a client says that a model is. */
final class ModelSource {

  private static final int MOST_DECODINGS = 10;
  private static final Pattern SCHEME =
      Pattern.compile("[A-Za-z][A-Za-z0-9+.\\-]+:.*", Pattern.DOTALL);
  private static final List<String> CLIMBS = List.of("..", ".");

  private ModelSource() {}

  /**
   * Accepts a URI that stays where it points: no local path, no relative part, however often it is
   * percent-encoded.
   */
  static String checked(String source) {
    String plain = decoded(source);
    String path = path(plain);
    boolean relative =
        !path.isEmpty() && !path.startsWith("/") && !plain.regionMatches(true, 0, "models:", 0, 7);
    if (isLocal(source) || relative || climbs(plain) || plain.indexOf('\0') >= 0) {
      throw invalid(source);
    }
    return source;
  }

  /** Whether it is a path or a file URI of some machine. */
  static boolean isLocal(String source) {
    String plain = decoded(source);
    return !SCHEME.matcher(plain).matches() || plain.regionMatches(true, 0, "file:", 0, 5);
  }

  /** Accepts a local path that lies inside a folder, which is local as well. */
  static String within(String source, String folder) {
    String path = localPath(decoded(source));
    String root = localPath(folder);
    if (root.isEmpty()
        || !isLocal(folder)
        || climbs(path)
        || path.indexOf('\0') >= 0
        || !path.startsWith(root + "/")) {
      throw MlflowException.invalid(
          "Invalid model version source: '%s'. To use a local path as a model version source, the run_id request parameter has to be specified and the local path has to be contained within the artifact directory of the run specified by the run_id."
              .formatted(source));
    }
    return source;
  }

  /** Whether it is a word or a sentence, which is what prompts have as their source. */
  static boolean plainText(String source) {
    return !SCHEME.matcher(source).matches()
        && !source.startsWith("/")
        && !source.startsWith("\\")
        && source.indexOf('\0') < 0;
  }

  private static boolean climbs(String plain) {
    return Arrays.stream(plain.split("[/\\\\?#&=]", -1)).anyMatch(CLIMBS::contains);
  }

  /** The path of a URI, empty where it has an authority alone. */
  private static String path(String uri) {
    String rest = uri.substring(uri.indexOf(':') + 1);
    if (rest.startsWith("//")) {
      int slash = rest.indexOf('/', 2);
      return slash < 0 ? "" : rest.substring(slash);
    }
    return rest;
  }

  private static String localPath(String source) {
    String path = source.regionMatches(true, 0, "file:", 0, 5) ? path(source) : source;
    return path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
  }

  private static String decoded(String source) {
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
    return plain;
  }

  static MlflowException invalid(String source) {
    return MlflowException.invalid(
        "Invalid model version source: '%s'. If supplying a source as an http, https, local file path, ftp, objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path references present. Please provide an absolute path."
            .formatted(source));
  }
}
