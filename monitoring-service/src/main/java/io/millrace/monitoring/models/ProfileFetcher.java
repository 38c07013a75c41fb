package io.millrace.monitoring.models;

import io.millrace.datasets.DatasetException;
import io.millrace.datasets.Profile;
import io.millrace.modelpackage.Manifest;
import io.millrace.modelpackage.ModelPackage;
import io.millrace.modelpackage.PackageException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Optional;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/**
 * Fetches the reference profile of a package and nothing else of it: the manifest, which must have
 * the promoted SHA-256, and the profile, which must have that of the manifest.
 */
@Component
class ProfileFetcher {

  private static final int LIMIT = 16 << 20;

  private final URI artifacts;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(Duration.ofSeconds(2))
          .build();

  ProfileFetcher(@Value("${millrace.artifact.uri}") URI artifacts) {
    this.artifacts = artifacts;
  }

  /** There is no profile that could be used, now or later. */
  static final class NoProfile extends Exception {
    private static final long serialVersionUID = 1L;

    NoProfile(String message) {
      super(message);
    }
  }

  /**
   * The profile as JSON.
   *
   * @throws IOException where it cannot be fetched now
   */
  String fetch(String uri, String sha256) throws NoProfile, IOException, InterruptedException {
    String base = artifactPath(uri);
    byte[] manifestBytes = get(base + "/" + ModelPackage.MANIFEST_FILE);
    if (!sha256(manifestBytes).equals(sha256)) {
      throw new NoProfile(
          "the manifest of %s has SHA-256 %s where %s was promoted; the model is served unwatched"
              .formatted(uri, sha256(manifestBytes), sha256));
    }
    Manifest manifest = manifest(manifestBytes);
    Optional<Manifest.FileEntry> entry = manifest.file(ModelPackage.PROFILE_FILE);
    if (entry.isEmpty()) {
      throw new NoProfile(
          "the package has no %s; the model is served unwatched"
              .formatted(ModelPackage.PROFILE_FILE));
    }
    byte[] profile = get(base + "/" + ModelPackage.PROFILE_FILE);
    if (!sha256(profile).equals(entry.get().sha256())) {
      throw new NoProfile(
          "%s of %s differs from its manifest; upload the package again and promote that"
              .formatted(ModelPackage.PROFILE_FILE, uri));
    }
    String json = new String(profile, StandardCharsets.UTF_8);
    try {
      Profile.fromJson(json);
    } catch (DatasetException e) {
      throw new NoProfile(String.valueOf(e.getMessage()));
    }
    return json;
  }

  private static Manifest manifest(byte[] bytes) throws NoProfile, IOException {
    Path file = Files.createTempFile("manifest", ".json");
    try {
      Files.write(file, bytes);
      return ModelPackage.readManifest(file);
    } catch (PackageException e) {
      throw new NoProfile(String.valueOf(e.getMessage()));
    } finally {
      Files.deleteIfExists(file);
    }
  }

  private byte[] get(String path) throws NoProfile, IOException, InterruptedException {
    URI address = address(path);
    HttpResponse<InputStream> response =
        http.send(
            HttpRequest.newBuilder(address).timeout(Duration.ofSeconds(30)).GET().build(),
            HttpResponse.BodyHandlers.ofInputStream());
    try (InputStream body = response.body()) {
      if (response.statusCode() != 200) {
        throw new IOException("GET " + address + " answered " + response.statusCode());
      }
      byte[] bytes = body.readNBytes(LIMIT + 1);
      if (bytes.length > LIMIT) {
        throw new NoProfile(path + " is larger than " + LIMIT + " bytes");
      }
      return bytes;
    }
  }

  private URI address(String path) throws NoProfile {
    try {
      String prefix = artifacts.getPath() == null ? "" : artifacts.getPath().replaceAll("/+$", "");
      return new URI(
          artifacts.getScheme(),
          artifacts.getAuthority(),
          prefix + "/api/2.0/mlflow-artifacts/artifacts/" + path,
          null,
          null);
    } catch (URISyntaxException e) {
      throw new NoProfile("'" + path + "' is not a path");
    }
  }

  private static String artifactPath(String uri) throws NoProfile {
    try {
      URI parsed = new URI(uri);
      String path = parsed.getPath();
      if ("mlflow-artifacts".equals(parsed.getScheme()) && path != null && path.length() > 1) {
        return path.substring(1).replaceAll("/+$", "");
      }
    } catch (URISyntaxException e) {
      throw new NoProfile("the package uri '" + uri + "' cannot be read: " + e.getMessage());
    }
    throw new NoProfile(
        "the package uri '" + uri + "' is not of the form mlflow-artifacts:/<path>");
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
