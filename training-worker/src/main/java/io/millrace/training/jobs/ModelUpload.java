package io.millrace.training.jobs;

import io.millrace.artifacts.ArtifactClient;
import io.millrace.artifacts.ArtifactUri;
import io.millrace.artifacts.Sha256;
import io.millrace.training.services.Tracking.PackageRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Uploads a package to the artifacts of the run; the manifest goes last, so a package with a
 * manifest is complete.
 *
 * @param root the run's artifact root, for example `mlflow-artifacts:/1/4f0c/artifacts`
 * @param patience how long an upload is retried
 */
record ModelUpload(
    ArtifactClient artifacts, ArtifactUri.Proxied root, int attempt, Duration patience) {

  static final String MODEL = "model";
  static final String MANIFEST = MODEL + "/manifest.json";
  static final String LOG = "logs/trainer.log";

  PackageRef send(Path output) throws IOException, InterruptedException {
    Path manifest = output.resolve(MANIFEST);
    List<Path> files;
    try (Stream<Path> found = Files.walk(output.resolve(MODEL))) {
      files =
          found
              .filter(Files::isRegularFile)
              .sorted(Comparator.<Path, Boolean>comparing(manifest::equals).thenComparing(p -> p))
              .toList();
    }
    long size = 0;
    for (Path file : files) {
      String name = output.relativize(file).toString().replace('\\', '/');
      artifacts.upload(file, root.resolve(name), attempt, patience);
      size += Files.size(file);
    }
    return new PackageRef(root.resolve(MODEL).toString(), Sha256.of(manifest), size);
  }

  void sendLog(Path log) throws IOException, InterruptedException {
    if (Files.isRegularFile(log)) {
      artifacts.upload(log, root.resolve(LOG), attempt, patience);
    }
  }
}
