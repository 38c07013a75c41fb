package io.millrace.training.jobs;

import io.millrace.training.services.Artifacts;
import io.millrace.training.services.Tracking.PackageRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Sends a package to where the run's artifacts are; the manifest goes last, so a package with a
 * manifest is whole.
 *
 * @param root the run's artifact root, for example `1/4f0c/artifacts`
 * @param patience with artifact-service that is away
 */
record ModelUpload(Artifacts artifacts, String root, int attempt, Duration patience) {

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
      artifacts.upload(file, root + "/" + name, attempt, patience);
      size += Files.size(file);
    }
    return new PackageRef(
        "mlflow-artifacts:/" + root + "/" + MODEL, Artifacts.sha256(manifest), size);
  }

  void sendLog(Path log) throws IOException, InterruptedException {
    if (Files.isRegularFile(log)) {
      artifacts.upload(log, root + "/" + LOG, attempt, patience);
    }
  }
}
