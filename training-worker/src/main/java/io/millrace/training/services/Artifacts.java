package io.millrace.training.services;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.Collectors;
import org.springframework.stereotype.Component;
import org.springframework.web.util.UriUtils;

/** The worker's side of artifact-service. Files stream from and to disk. */
@Component
public final class Artifacts {

  private static final Duration SILENCE = Duration.ofMinutes(30);

  private final PatientHttp http;
  private final ServiceSettings settings;

  Artifacts(PatientHttp http, ServiceSettings settings) {
    this.http = http;
    this.settings = settings;
  }

  /**
   * Downloads a dataset version into a file and checks it.
   *
   * @throws ServiceRefused if there is no such version
   * @throws ServiceUnavailable if it cannot be had whole and unchanged for as long as the worker is
   *     patient
   */
  public void download(String dataset, int version, String sha256, Path target)
      throws InterruptedException {
    URI uri =
        URI.create(
            "%s/api/v1/datasets/%s/versions/%d/content"
                .formatted(
                    settings.artifactUri(),
                    UriUtils.encodePathSegment(dataset, StandardCharsets.UTF_8),
                    version));
    http.call(
        HttpRequest.newBuilder(uri).timeout(SILENCE).build(),
        settings.training().patience(),
        HttpResponse.BodyHandlers.ofInputStream(),
        answer -> {
          String received = write(answer.body(), target);
          if (!received.equals(sha256)) {
            throw new IOException(
                "the content of %s has SHA-256 %s instead of %s".formatted(uri, received, sha256));
          }
          return received;
        });
  }

  /**
   * Stores a file as an artifact.
   *
   * @param path below the artifact root, for example `1/4f0c/artifacts/model/MLmodel`
   * @param attempt a later attempt's file of that path is not replaced
   * @param patience how long to go on while artifact-service is away
   * @throws ServiceRefused if it is not accepted
   */
  public void upload(Path file, String path, int attempt, Duration patience)
      throws IOException, InterruptedException {
    String encoded =
        Arrays.stream(path.split("/"))
            .map(segment -> UriUtils.encodePathSegment(segment, StandardCharsets.UTF_8))
            .collect(Collectors.joining("/"));
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create(
                    settings.artifactUri() + "/api/2.0/mlflow-artifacts/artifacts/" + encoded))
            .timeout(SILENCE)
            .header("Content-Type", "application/octet-stream")
            .header("Millrace-Sha256", sha256(file))
            .header("Millrace-Attempt", Integer.toString(attempt))
            .PUT(HttpRequest.BodyPublishers.ofFile(file))
            .build();
    http.call(request, patience, HttpResponse.BodyHandlers.ofByteArray(), HttpResponse::statusCode);
  }

  /** SHA-256 of a file as 64 lower-case hex digits. */
  public static String sha256(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return copy(in, OutputStream.nullOutputStream());
    }
  }

  private static String write(InputStream body, Path target) throws IOException {
    try (body;
        OutputStream out = Files.newOutputStream(target)) {
      return copy(body, out);
    }
  }

  private static String copy(InputStream in, OutputStream out) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      new DigestInputStream(in, digest).transferTo(out);
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
