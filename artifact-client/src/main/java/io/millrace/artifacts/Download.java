package io.millrace.artifacts;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.time.Duration;

/**
 * One file on its way to disk. An attempt continues where the one before broke off, provided that
 * the server still has the same content: artifact-service uses the SHA-256 as the ETag.
 */
final class Download {

  private static final int OK = 200;
  private static final int PARTIAL = 206;
  private static final int RANGE_NOT_SATISFIABLE = 416;

  private final HttpClient http;
  private final URI from;
  private final Path to;
  private final String sha256;
  private final long most;
  private final Duration timeout;
  private final MessageDigest digest = Sha256.digest();
  private long received;
  private long furthest;

  Download(HttpClient http, URI from, Path to, String sha256, long most, Duration timeout) {
    this.http = http;
    this.from = from;
    this.to = to;
    this.sha256 = sha256;
    this.most = most;
    this.timeout = timeout;
  }

  /** Downloads the rest; {@code retries} learns of bytes that no attempt before got to. */
  Path attempt(Retries retries) throws IOException, InterruptedException {
    HttpRequest.Builder request = HttpRequest.newBuilder(from).timeout(timeout);
    if (received > 0) {
      request
          .header("Range", "bytes=%d-".formatted(received))
          .header("If-Range", '"' + sha256 + '"');
    }
    HttpResponse<InputStream> response =
        http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    try (InputStream body = response.body()) {
      switch (response.statusCode()) {
        case OK -> {
          restart();
          append(body, retries);
        }
        case PARTIAL -> {
          requireContinuation(response);
          append(body, retries);
        }
        case RANGE_NOT_SATISFIABLE -> requireReceived();
        default -> throw Refusals.of("GET " + from, response.statusCode(), body);
      }
    }
    String found = Sha256.hex(digest);
    if (!found.equals(sha256)) {
      throw new ArtifactCorrupt(
          "%s has %d bytes with SHA-256 %s instead of %s; the stored content was changed or damaged"
              .formatted(from, received, found, sha256));
    }
    return to;
  }

  private void restart() {
    received = 0;
    digest.reset();
  }

  private void requireContinuation(HttpResponse<?> response) throws IOException {
    String range = response.headers().firstValue("Content-Range").orElse("");
    if (!range.startsWith("bytes %d-".formatted(received))) {
      restart();
      throw new IOException("the answer has the range '" + range + "'");
    }
  }

  /** There is nothing after the received bytes: only the end of the answer got lost. */
  private void requireReceived() throws IOException {
    if (received == 0) {
      throw new IOException("HTTP 416 for a whole file");
    }
  }

  private void append(InputStream body, Retries retries) throws IOException {
    byte[] buffer = new byte[Sha256.BUFFER];
    try (OutputStream out = open();
        StallWatch watch = new StallWatch(body, timeout)) {
      for (int n = body.read(buffer); n >= 0; n = body.read(buffer)) {
        if (received + n > most) {
          throw new ArtifactCorrupt(
              "%s has more than the %d bytes it should have".formatted(from, most));
        }
        write(out, buffer, n);
        digest.update(buffer, 0, n);
        received += n;
        watch.progressed();
        if (received > furthest) {
          furthest = received;
          retries.progressed();
        }
      }
    }
  }

  private OutputStream open() {
    try {
      return received == 0
          ? Files.newOutputStream(to)
          : Files.newOutputStream(to, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw notWritten(e);
    }
  }

  private void write(OutputStream out, byte[] buffer, int length) {
    try {
      out.write(buffer, 0, length);
    } catch (IOException e) {
      throw notWritten(e);
    }
  }

  /** Not an {@link IOException}, which would be retried as a fault of the network. */
  private UncheckedIOException notWritten(IOException e) {
    return new UncheckedIOException(
        "%s cannot be written: %s; check disk space and permissions".formatted(to, e), e);
  }
}
