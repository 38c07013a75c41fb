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
import java.io.IOException;
import java.io.UncheckedIOException;
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
    try {
      return packages.open(stored.uri(), stored.sha256(), Long.MAX_VALUE);
    } catch (ArtifactUnavailable | ArtifactRefused | InvalidArtifactUri e) {
      throw new Unscorable(FailureReason.PACKAGE_UNAVAILABLE, String.valueOf(e.getMessage()));
    } catch (ArtifactCorrupt | PackageException e) {
      throw new Unscorable(
          FailureReason.PACKAGE_CORRUPT, stored.uri() + ": " + String.valueOf(e.getMessage()));
    } catch (IOException e) {
      throw notWritten(e);
    }
  }

  /**
   * The CSV file of a dataset version.
   *
   * @throws Unscorable if it is not there or not the expected one
   */
  Copy<Path> dataset(String name, int version, StoredFile stored) throws InterruptedException {
    try {
      return cache.file(new ArtifactUri.Dataset(name, version), stored.sha256(), stored.size());
    } catch (ArtifactUnavailable | ArtifactRefused | InvalidArtifactUri e) {
      throw new Unscorable(FailureReason.DATASET_UNAVAILABLE, String.valueOf(e.getMessage()));
    } catch (ArtifactCorrupt e) {
      throw new Unscorable(FailureReason.DATASET_CORRUPT, String.valueOf(e.getMessage()));
    } catch (IOException e) {
      throw notWritten(e);
    }
  }

  private static UncheckedIOException notWritten(IOException e) {
    return new UncheckedIOException(
        "the copy in millrace.artifact.cache.directory cannot be written: %s; check disk space and permissions"
            .formatted(e),
        e);
  }
}
