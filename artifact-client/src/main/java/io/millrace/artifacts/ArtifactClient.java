package io.millrace.artifacts;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Downloads and uploads. Content streams from and to disk; what is downloaded has the expected
 * SHA-256. Calls are retried while artifact-service does not answer; a download that breaks off
 * continues with the missing range. Safe for many threads.
 *
 * <p>Works on the JDK's HTTP client and not on RestClient: blocking reads must end when the thread
 * is interrupted or the server stalls.
 */
public final class ArtifactClient implements AutoCloseable {

  /** An upload is answered when its last byte is stored. */
  private static final Duration UPLOAD_TIMEOUT = Duration.ofMinutes(30);

  private final ArtifactSettings settings;
  private final HttpClient http;

  public ArtifactClient(ArtifactSettings settings) {
    this.settings = settings;
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(settings.connectTimeout())
            .followRedirects(HttpClient.Redirect.NEVER)
            .build();
  }

  /**
   * Downloads into a file, which holds garbage if this fails.
   *
   * @param most bytes that are accepted
   * @throws ArtifactException if the content is absent, not the expected one, or unavailable
   * @throws java.io.UncheckedIOException if the file cannot be written
   */
  public void download(ArtifactUri uri, String sha256, long most, Path to)
      throws InterruptedException {
    URI from = address(uri);
    Download download = new Download(http, from, to, sha256, most, settings.timeout());
    Retries retries = new Retries("GET " + from, settings.patience());
    retries.run(() -> download.attempt(retries));
  }

  /** Downloads into memory, with the promises of {@link #download}. */
  public byte[] read(ArtifactUri uri, String sha256, long most)
      throws IOException, InterruptedException {
    Path file = Files.createTempFile("artifact", null);
    try {
      download(uri, sha256, most, file);
      return Files.readAllBytes(file);
    } finally {
      Files.deleteIfExists(file);
    }
  }

  /**
   * Stores a file of a run.
   *
   * @param attempt at the run; the file of a later attempt is not replaced
   * @param patience overrides that of the settings
   * @throws ArtifactException if it is refused or artifact-service stays unavailable
   */
  public void upload(Path file, ArtifactUri.Proxied to, int attempt, Duration patience)
      throws IOException, InterruptedException {
    put(
        request(to, "application/octet-stream")
            .header("Millrace-Sha256", Sha256.of(file))
            .header("Millrace-Attempt", Integer.toString(attempt))
            .PUT(BodyPublishers.ofFile(file))
            .build(),
        patience);
  }

  /** Stores a small document, in one attempt. */
  public void upload(byte[] content, String mediaType, ArtifactUri.Proxied to)
      throws InterruptedException {
    put(
        request(to, mediaType)
            .header("Millrace-Sha256", Sha256.of(content))
            .PUT(BodyPublishers.ofByteArray(content))
            .build(),
        Duration.ZERO);
  }

  private HttpRequest.Builder request(ArtifactUri to, String mediaType) {
    return HttpRequest.newBuilder(address(to))
        .timeout(UPLOAD_TIMEOUT)
        .header("Content-Type", mediaType);
  }

  private void put(HttpRequest request, Duration patience) throws InterruptedException {
    String call = "PUT " + request.uri();
    new Retries(call, patience).run(() -> send(call, request));
  }

  private int send(String call, HttpRequest request) throws IOException, InterruptedException {
    HttpResponse<InputStream> response = http.send(request, BodyHandlers.ofInputStream());
    try (InputStream body = response.body()) {
      if (response.statusCode() >= 300) {
        throw Refusals.of(call, response.statusCode(), body);
      }
      return response.statusCode();
    }
  }

  private URI address(ArtifactUri uri) {
    return URI.create(settings.uri() + uri.resource());
  }

  @Override
  public void close() {
    http.shutdownNow();
  }
}
