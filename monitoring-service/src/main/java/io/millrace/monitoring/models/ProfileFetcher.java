package io.millrace.monitoring.models;

import io.millrace.artifacts.ArtifactClient;
import io.millrace.artifacts.ArtifactCorrupt;
import io.millrace.artifacts.ArtifactException;
import io.millrace.artifacts.ArtifactUri;
import io.millrace.artifacts.InvalidArtifactUri;
import io.millrace.datasets.DatasetException;
import io.millrace.datasets.Profile;
import io.millrace.modelpackage.Manifest;
import io.millrace.modelpackage.ModelPackage;
import io.millrace.modelpackage.PackageException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.springframework.stereotype.Component;

/**
 * Downloads the reference profile of a package and nothing else of it: the manifest, which must
 * have the promoted SHA-256, and the profile, which must have that of the manifest.
 */
@Component
class ProfileFetcher {

  private static final long LONGEST = 16L << 20;

  private final ArtifactClient artifacts;

  ProfileFetcher(ArtifactClient artifacts) {
    this.artifacts = artifacts;
  }

  /** The package has no usable profile; repeating does not help. */
  static final class NoProfile extends Exception {
    private static final long serialVersionUID = 1L;

    NoProfile(String message) {
      super(message);
    }
  }

  /**
   * The profile as JSON.
   *
   * @throws ArtifactException if it cannot be downloaded now
   */
  String fetch(String uri, String sha256) throws NoProfile, IOException, InterruptedException {
    try {
      ArtifactUri.Proxied folder = ArtifactUri.Proxied.parse(uri);
      Manifest manifest =
          ModelPackage.readManifest(
              artifacts.read(folder.resolve(ModelPackage.MANIFEST_FILE), sha256, LONGEST));
      Optional<Manifest.FileEntry> entry = manifest.file(ModelPackage.PROFILE_FILE);
      if (entry.isEmpty()) {
        throw new NoProfile(
            "the package has no %s; the model is served unwatched"
                .formatted(ModelPackage.PROFILE_FILE));
      }
      byte[] profile =
          artifacts.read(folder.resolve(ModelPackage.PROFILE_FILE), entry.get().sha256(), LONGEST);
      String json = new String(profile, StandardCharsets.UTF_8);
      Profile.fromJson(json);
      return json;
    } catch (ArtifactCorrupt e) {
      throw new NoProfile(
          e.getMessage()
              + "; upload the package again and promote that: the model is served unwatched");
    } catch (InvalidArtifactUri | PackageException | DatasetException e) {
      throw new NoProfile(String.valueOf(e.getMessage()));
    }
  }
}
