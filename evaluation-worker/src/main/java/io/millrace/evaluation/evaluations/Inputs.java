package io.millrace.evaluation.evaluations;

import io.millrace.artifacts.ArtifactCache;
import io.millrace.artifacts.ArtifactCache.Copy;
import io.millrace.artifacts.ArtifactCorrupt;
import io.millrace.artifacts.ArtifactRefused;
import io.millrace.artifacts.ArtifactUnavailable;
import io.millrace.artifacts.ArtifactUri;
import io.millrace.artifacts.InvalidArtifactUri;
import io.millrace.artifacts.packages.ModelPackages;
import io.millrace.modelpackage.ModelPackage;
import io.millrace.modelpackage.PackageException;
import java.nio.file.Path;
import org.springframework.stereotype.Component;

/** The packages and data of a job, as verified copies; what cannot be had makes it unscorable. */
@Component
class Inputs {

  private final ModelPackages packages;
  private final ArtifactCache cache;

  Inputs(ModelPackages packages, ArtifactCache cache) {
    this.packages = packages;
    this.cache = cache;
  }

  /**
   * A model package, opened and verified down to each file.
   *
   * @throws Unscorable if it is not there or not the expected one
   */
  Copy<ModelPackage> modelPackage(StoredFile stored) throws InterruptedException {
    return obtained(
        () -> packages.open(stored.uri(), stored.sha256(), Long.MAX_VALUE),
        FailureReason.PACKAGE_UNAVAILABLE,
        FailureReason.PACKAGE_CORRUPT);
  }

  /**
   * The CSV file of a dataset version.
   *
   * @throws Unscorable if it is not there or not the expected one
   */
  Copy<Path> dataset(StoredFile stored) throws InterruptedException {
    return obtained(
        () -> cache.file(ArtifactUri.parse(stored.uri()), stored.sha256(), stored.size()),
        FailureReason.DATASET_UNAVAILABLE,
        FailureReason.DATASET_CORRUPT);
  }

  @FunctionalInterface
  private interface Download<T> {
    Copy<T> start() throws InterruptedException;
  }

  private static <T> Copy<T> obtained(
      Download<T> download, FailureReason unavailable, FailureReason corrupt)
      throws InterruptedException {
    try {
      return download.start();
    } catch (ArtifactUnavailable | ArtifactRefused | InvalidArtifactUri e) {
      throw new Unscorable(unavailable, String.valueOf(e.getMessage()));
    } catch (ArtifactCorrupt | PackageException e) {
      throw new Unscorable(corrupt, String.valueOf(e.getMessage()));
    }
  }
}
