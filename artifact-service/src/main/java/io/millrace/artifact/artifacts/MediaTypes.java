package io.millrace.artifact.artifacts;

import java.util.Locale;
import java.util.Set;
import org.springframework.http.MediaType;
import org.springframework.http.MediaTypeFactory;

/** Media types by file name, as MLflow's own server guesses them: what is text shows as text. */
final class MediaTypes {

  private static final Set<String> TEXT =
      Set.of(
          "txt",
          "log",
          "err",
          "cfg",
          "conf",
          "cnf",
          "ini",
          "properties",
          "prop",
          "py",
          "js",
          "yaml",
          "yml",
          "xml",
          "json",
          "jsonl",
          "csv",
          "tsv",
          "md",
          "rst",
          "java",
          "sql");
  private static final Set<String> TEXT_NAMES = Set.of("MLmodel", "MLproject", "LICENSE");

  private MediaTypes() {}

  static String of(String name) {
    String extension = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    if (TEXT_NAMES.contains(name) || (name.contains(".") && TEXT.contains(extension))) {
      return "text/plain;charset=UTF-8";
    }
    return MediaTypeFactory.getMediaType(name)
        .orElse(MediaType.APPLICATION_OCTET_STREAM)
        .toString();
  }
}
