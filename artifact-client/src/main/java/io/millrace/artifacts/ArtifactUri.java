package io.millrace.artifacts;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.springframework.web.util.UriUtils;

/** A URI by which events and APIs refer to something in artifact-service. */
public sealed interface ArtifactUri {

  /**
   * Reads a URI of either form.
   *
   * @throws InvalidArtifactUri if it has another form
   */
  static ArtifactUri parse(String uri) {
    return uri.startsWith(Dataset.SCHEME) ? Dataset.parse(uri) : Proxied.parse(uri);
  }

  /** Percent-encoded path of the HTTP resource with the content, relative to the service. */
  String resource();

  /**
   * A file or folder of the artifact proxy, {@code mlflow-artifacts:/1/4f0c/artifacts/model}.
   *
   * @param path below the root of the proxy, not percent-encoded, without slashes at its ends
   */
  record Proxied(String path) implements ArtifactUri {

    static final String SCHEME = "mlflow-artifacts:";
    private static final String RESOURCE = "/api/2.0/mlflow-artifacts/artifacts/";
    private static final Pattern AUTHORITY = Pattern.compile("//[^/]*");

    public Proxied {
      path = path.replaceAll("/+", "/").replaceAll("^/|/$", "");
      List<String> segments = List.of(path.split("/", -1));
      if (path.isEmpty()
          || segments.contains("..")
          || segments.contains(".")
          || path.indexOf('\\') >= 0) {
        throw new InvalidArtifactUri("'%s' is not a path of an artifact".formatted(path));
      }
    }

    /**
     * Reads {@code mlflow-artifacts:/path} and {@code mlflow-artifacts://host/path}. A host is
     * ignored: it is the one by which clients reach the same store. Percent-encoded characters are
     * decoded, as MLflow's own client does on its way to the server.
     *
     * @throws InvalidArtifactUri if it has another form
     */
    public static Proxied parse(String uri) {
      if (!uri.startsWith(SCHEME + "/")) {
        throw new InvalidArtifactUri(
            "'%s' is not of the form mlflow-artifacts:/<path>: only artifacts logged through the artifact proxy can be read"
                .formatted(uri));
      }
      String rest = uri.substring(SCHEME.length());
      Matcher authority = AUTHORITY.matcher(rest);
      String path = authority.lookingAt() ? rest.substring(authority.end()) : rest;
      try {
        return new Proxied(decoded(path));
      } catch (InvalidArtifactUri e) {
        throw new InvalidArtifactUri("'%s' names no artifact: %s".formatted(uri, e.getMessage()));
      }
    }

    /** A file or folder below this folder. */
    public Proxied resolve(String child) {
      return new Proxied(path + "/" + child);
    }

    /** A file or folder beside this one. */
    public Proxied sibling(String name) {
      return new Proxied(path.substring(0, path.lastIndexOf('/') + 1) + name);
    }

    @Override
    public String resource() {
      return RESOURCE
          + Arrays.stream(path.split("/"))
              .map(ArtifactUri::segment)
              .collect(Collectors.joining("/"));
    }

    @Override
    public String toString() {
      return SCHEME + "/" + path;
    }

    /** A path with a percent sign that begins no escape sequence stands for itself. */
    private static String decoded(String path) {
      try {
        return UriUtils.decode(path, StandardCharsets.UTF_8);
      } catch (IllegalArgumentException notEncoded) {
        return path;
      }
    }
  }

  /**
   * The table of a dataset version, {@code dataset:/iris/3}.
   *
   * @param version counted from 1
   */
  record Dataset(String name, int version) implements ArtifactUri {

    static final String SCHEME = "dataset:";
    private static final Pattern FORM = Pattern.compile("dataset:/([^/]+)/([1-9][0-9]{0,8})");

    static Dataset parse(String uri) {
      Matcher form = FORM.matcher(uri);
      if (!form.matches()) {
        throw new InvalidArtifactUri(
            "'%s' is not of the form dataset:/<name>/<version>".formatted(uri));
      }
      return new Dataset(form.group(1), Integer.parseInt(form.group(2)));
    }

    @Override
    public String resource() {
      return "/api/v1/datasets/%s/versions/%d/content".formatted(segment(name), version);
    }

    @Override
    public String toString() {
      return SCHEME + "/" + name + "/" + version;
    }
  }

  private static String segment(String text) {
    return UriUtils.encode(text, StandardCharsets.UTF_8);
  }
}
