package io.millrace.cli.porting;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import tools.jackson.core.JacksonException;

/**
 * What an export says of itself.
 *
 * @param source where the things were first
 * @param sha256sums SHA-256 of the list of all files
 */
record ExportManifest(int format, String source, String sha256sums, long files) {

  static ExportManifest read(Path root) {
    var file = root.resolve(ExportLayout.MANIFEST);
    if (!Files.exists(file)) {
      throw new PortingFailure(
          "%s has no %s: it is not an export, or one that was not finished. `millrace export` writes and finishes them."
              .formatted(root, ExportLayout.MANIFEST));
    }
    try {
      var manifest = Messages.JSON.readValue(Files.readString(file), ExportManifest.class);
      if (manifest.format() != ExportLayout.FORMAT) {
        throw new PortingFailure(
            "%s has format %d; this program reads format %d."
                .formatted(root, manifest.format(), ExportLayout.FORMAT));
      }
      return manifest;
    } catch (IOException | JacksonException e) {
      throw new PortingFailure("Cannot read " + file + ": " + e.getMessage(), e);
    }
  }
}
