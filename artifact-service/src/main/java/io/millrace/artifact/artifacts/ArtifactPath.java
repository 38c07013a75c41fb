package io.millrace.artifact.artifacts;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.springframework.web.util.UriUtils;

/**
 * Where an artifact is: segments with slashes between them, never absolute, never upwards.
 *
 * @param value for example {@code 1/4f0c/artifacts/model/MLmodel}; empty for the root, which only a
 *     listing accepts
 */
record ArtifactPath(String value) {

  private static final int MAX_BYTES = 1024;
  private static final int MAX_SEGMENT_BYTES = 255;
  private static final int MAX_DECODINGS = 10;
  private static final Pattern DRIVE = Pattern.compile("[A-Za-z]:");

  /** The path of a file or folder is not one; HTTP says 400 in MLflow's form. */
  static final class InvalidPath extends RuntimeException {
    InvalidPath(String detail) {
      super("Invalid path: " + detail);
    }
  }

  /**
   * Reads a path as it stands in a URI. What decodes to a dangerous path, even after several
   * decodings, is refused.
   *
   * @throws InvalidPath if it is empty or not a safe path
   */
  static ArtifactPath ofEncoded(String encoded) {
    String value = decoded(encoded);
    if (value.isEmpty()) {
      throw new InvalidPath("it is empty; name a file after artifacts/");
    }
    return of(value);
  }

  /**
   * Reads a path as it is, where the root is empty and one slash at the end of a folder is let go.
   */
  static ArtifactPath ofFolder(String value) {
    String trimmed = value.endsWith("/") ? value.substring(0, value.length() - 1) : value;
    return trimmed.isEmpty() && value.length() <= 1 ? new ArtifactPath("") : of(trimmed);
  }

  /**
   * Reads the path of a file as it is.
   *
   * @throws InvalidPath if it is empty or not a safe path
   */
  static ArtifactPath ofFile(String value) {
    if (value.isEmpty()) {
      throw new InvalidPath("it is empty; name a file");
    }
    return of(value);
  }

  /**
   * The folder that an artifact URI names, where it is one of this store and below a first segment:
   * empty for any other URI, and for the root of everything.
   */
  static Optional<ArtifactPath> ofArtifactUri(String uri) {
    String prefix = "mlflow-artifacts:/";
    if (!uri.startsWith(prefix) || uri.startsWith(prefix + "/")) {
      return Optional.empty();
    }
    String value = uri.substring(prefix.length());
    try {
      return value.indexOf('/') > 0 ? Optional.of(ofFolder(value)) : Optional.empty();
    } catch (InvalidPath neverStored) {
      return Optional.empty();
    }
  }

  private static ArtifactPath of(String value) {
    requireSafe(value);
    String form = value;
    for (int i = 0; form.contains("%"); i++) {
      String next;
      try {
        next = decoded(form);
      } catch (InvalidPath notAnEncoding) {
        break;
      }
      if (next.equals(form)) {
        break;
      }
      if (i == MAX_DECODINGS) {
        throw new InvalidPath("it is percent-encoded over and over");
      }
      requireSafe(next);
      form = next;
    }
    return new ArtifactPath(value);
  }

  private static void requireSafe(String value) {
    if (value.startsWith("/") || DRIVE.matcher(value).lookingAt()) {
      throw new InvalidPath("it is absolute; start at the run's artifact root");
    }
    if (value.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES) {
      throw new InvalidPath("it is longer than " + MAX_BYTES + " bytes");
    }
    if (value.chars().anyMatch(c -> Character.isISOControl(c) || c == '\u2028' || c == '\u2029')) {
      throw new InvalidPath("it has a control character");
    }
    if (value.indexOf('\\') >= 0 || value.indexOf('#') >= 0) {
      throw new InvalidPath("it has a backslash or a #");
    }
    for (String segment : value.split("/", -1)) {
      if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
        throw new InvalidPath("it has an empty, . or .. segment");
      }
      if (segment.getBytes(StandardCharsets.UTF_8).length > MAX_SEGMENT_BYTES) {
        throw new InvalidPath("a name in it is longer than " + MAX_SEGMENT_BYTES + " bytes");
      }
    }
  }

  private static String decoded(String encoded) {
    try {
      String value = UriUtils.decode(encoded, StandardCharsets.ISO_8859_1);
      byte[] bytes = latin1(encoded, value);
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (IllegalArgumentException | CharacterCodingException e) {
      throw new InvalidPath("it is not percent-encoded UTF-8");
    }
  }

  /** Bytes of a decoding; characters that stood unencoded are UTF-8 like the others. */
  private static byte[] latin1(String encoded, String value) {
    return encoded.chars().allMatch(c -> c < 128)
        ? value.getBytes(StandardCharsets.ISO_8859_1)
        : UriUtils.decode(encoded, StandardCharsets.UTF_8).getBytes(StandardCharsets.UTF_8);
  }

  boolean isRoot() {
    return value.isEmpty();
  }

  /** The last segment. */
  String name() {
    return value.substring(value.lastIndexOf('/') + 1);
  }

  /** What the paths of everything inside this folder start with. */
  String inside() {
    return isRoot() ? "" : value + "/";
  }

  /** The folders above, nearest first. */
  List<String> parents() {
    var parents = new java.util.ArrayList<String>();
    for (int slash = value.lastIndexOf('/'); slash > 0; slash = value.lastIndexOf('/', slash - 1)) {
      parents.add(value.substring(0, slash));
    }
    return parents;
  }
}
