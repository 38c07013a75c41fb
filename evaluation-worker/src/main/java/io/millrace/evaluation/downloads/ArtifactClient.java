package io.millrace.evaluation.downloads;

import io.millrace.evaluation.downloads.Unobtainable.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Talks to the artifact service. Whatever it downloads has the size and the SHA-256 that were asked
 * for. A service that does not answer is asked again, with growing pauses, until the patience ends.
 */
@Component
public class ArtifactClient implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ArtifactClient.class);
  private static final String PROXY = "/api/2.0/mlflow-artifacts/artifacts/";
  private static final String SCHEME = "mlflow-artifacts:";
  private static final Duration CONNECT = Duration.ofSeconds(5);
  private static final Duration ANSWER = Duration.ofSeconds(30);
  private static final Duration FIRST_PAUSE = Duration.ofMillis(200);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

  private final String base;
  private final Duration patience;
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT)
          .followRedirects(HttpClient.Redirect.NEVER)
          .build();

  ArtifactClient(ArtifactSettings artifacts, DownloadSettings downloads) {
    this.base = artifacts.uri().toString().replaceAll("/+$", "");
    this.patience = downloads.patience();
  }

  /** Where a dataset version's content is served. */
  URI dataset(String name, int version) {
    return URI.create(
        base + "/api/v1/datasets/" + encoded(name) + "/versions/" + version + "/content");
  }

  /** Where a file below an artifact folder is served. */
  URI artifact(String folderUri, String path) {
    if (!folderUri.startsWith(SCHEME)) {
      throw new Unobtainable(
          Reason.UNAVAILABLE,
          "'%s' is not an mlflow-artifacts address; only models logged through the artifact proxy can be evaluated."
              .formatted(folderUri));
    }
    String folder = folderUri.substring(SCHEME.length());
    if (folder.startsWith("//")) {
      // mlflow-artifacts://host/path names the same store through a host that clients see.
      folder = folder.substring(Math.max(folder.indexOf('/', 2), 2));
    }
    String whole = (folder + "/" + path).replaceAll("/+", "/").replaceFirst("^/", "");
    return URI.create(
        base
            + PROXY
            + Arrays.stream(whole.split("/"))
                .map(ArtifactClient::encoded)
                .collect(Collectors.joining("/")));
  }

  /**
   * Downloads a file.
   *
   * @param size bytes it must have; with a negative value at most that many, without the sign
   * @throws Unobtainable where it is not there, not what it should be, or the patience ends
   */
  void download(URI from, Path to, String sha256, long size) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    Duration pause = FIRST_PAUSE;
    while (true) {
      try {
        attempt(from, to, sha256, size);
        return;
      } catch (IOException e) {
        if (System.nanoTime() + pause.toNanos() > deadline) {
          throw new Unobtainable(
              Reason.UNAVAILABLE,
              "%s did not answer for %d s: %s. See that the artifact service runs and millrace.artifact.uri is right, then train again."
                  .formatted(from, patience.toSeconds(), e));
        }
        log.info("{} does not answer ({}), asked again in {}", from, e.toString(), pause);
        Thread.sleep(pause);
        pause =
            pause.multipliedBy(2).compareTo(LONGEST_PAUSE) < 0
                ? pause.multipliedBy(2)
                : LONGEST_PAUSE;
      }
    }
  }

  /** Stores a small document beside a run's other artifacts. */
  void upload(URI to, byte[] content, String mediaType) throws IOException, InterruptedException {
    HttpResponse<Void> response =
        http.send(
            HttpRequest.newBuilder(to)
                .timeout(ANSWER)
                .header("Content-Type", mediaType)
                .PUT(HttpRequest.BodyPublishers.ofByteArray(content))
                .build(),
            BodyHandlers.discarding());
    if (response.statusCode() / 100 != 2) {
      throw new IOException(to + " answered " + response.statusCode());
    }
  }

  @Override
  public void close() {
    http.close();
  }

  private void attempt(URI from, Path to, String sha256, long size)
      throws IOException, InterruptedException {
    HttpResponse<InputStream> response =
        http.send(
            HttpRequest.newBuilder(from).timeout(ANSWER).GET().build(),
            BodyHandlers.ofInputStream());
    try (InputStream body = response.body()) {
      int status = response.statusCode();
      if (status >= 500 || status == 408 || status == 429) {
        throw new IOException("status " + status);
      }
      if (status != 200) {
        throw new Unobtainable(
            Reason.UNAVAILABLE,
            "%s answered %d; what the job refers to is not stored there (any more)."
                .formatted(from, status));
      }
      MessageDigest digest = sha256();
      long most = Math.abs(size);
      long read = 0;
      try (OutputStream out = new DigestOutputStream(Files.newOutputStream(to), digest)) {
        byte[] buffer = new byte[64 * 1024];
        for (int n = body.read(buffer); n >= 0; n = body.read(buffer)) {
          read += n;
          if (read > most) {
            throw new Unobtainable(
                Reason.CORRUPT,
                "%s has more than the %d bytes it should have.".formatted(from, most));
          }
          out.write(buffer, 0, n);
        }
      }
      String found = HexFormat.of().formatHex(digest.digest());
      if (!found.equals(sha256) || (size >= 0 && read != size)) {
        throw new Unobtainable(
            Reason.CORRUPT,
            "%s has %d bytes with SHA-256 %s instead of %s; the stored file was changed or damaged."
                .formatted(from, read, found, sha256));
      }
    }
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private static String encoded(String segment) {
    return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
