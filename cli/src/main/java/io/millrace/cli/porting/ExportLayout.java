package io.millrace.cli.porting;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Where what lies in an export; docs/export-format.md is its description. */
final class ExportLayout {

  static final int FORMAT = 1;
  static final String MANIFEST = "manifest.json";
  static final String SUMS = "SHA256SUMS";
  static final String STATE = ".export-state.jsonl";
  static final String EXPERIMENTS = "experiments";
  static final String MODELS = "models";
  static final String RUNS = "runs";
  static final String LOGGED_MODELS = "logged-models";
  static final String EXPERIMENT = "experiment.json";
  static final String RUN = "run.json";
  static final String METRICS = "metrics.jsonl";
  static final String MODEL = "model.json";
  static final String VERSIONS = "versions.jsonl";
  static final String ARTIFACTS = "artifacts";

  /** Ends the names of folders that are not whole yet. */
  static final String PART = ".part";

  private ExportLayout() {}

  static Path experiment(Path root, String id) {
    return root.resolve(EXPERIMENTS).resolve(safeId(id));
  }

  static Path owned(Path root, boolean model, String experimentId, String id) {
    return experiment(root, experimentId).resolve(model ? LOGGED_MODELS : RUNS).resolve(safeId(id));
  }

  static Path registered(Path root, String name) {
    return root.resolve(MODELS).resolve(folder(name));
  }

  /** An id that a server gave, as the name of a folder. */
  private static String safeId(String id) {
    if (!id.matches("[A-Za-z0-9][A-Za-z0-9_-]{0,200}")) {
      throw new Refused(400, "INVALID_PARAMETER_VALUE", "the id '" + id + "' cannot name a folder");
    }
    return id;
  }

  /** A name as the name of a folder: what is not a letter, digit, - or _ is percent-encoded. */
  static String folder(String name) {
    var folder = new StringBuilder();
    for (var b : name.getBytes(StandardCharsets.UTF_8)) {
      var c = (char) (b & 0xff);
      if (c < 128 && (Character.isLetterOrDigit(c) || c == '-' || c == '_')) {
        folder.append(c);
      } else {
        folder.append('%').append("%02X".formatted((int) c));
      }
    }
    if (folder.length() > 250) {
      return folder.substring(0, 180) + "-" + Sha256.of(name.getBytes(StandardCharsets.UTF_8));
    }
    return folder.toString();
  }
}
