package io.millrace.artifact.storage;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.stereotype.Component;

/**
 * Answers HTTP requests for objects: validators (ETag is the SHA-256), conditions, one range, and
 * the checked bytes.
 */
@Component
public final class Download {

  private final Objects objects;

  Download(Objects objects) {
    this.objects = objects;
  }

  /**
   * What is asked for.
   *
   * @param modified when the bytes came to be what they are
   * @param headers sets what else the answer carries
   * @param told of damaged bytes
   */
  public record Of(
      StoredObject object,
      Instant modified,
      Consumer<HttpHeaders> headers,
      Consumer<ObjectCorrupt> told) {}

  /**
   * The answer to a GET or HEAD.
   *
   * @throws RangeNotSatisfiable if a range is asked for that begins behind the end
   */
  public ResponseEntity<Publisher<DataBuffer>> answer(ServerHttpRequest request, Of of) {
    StoredObject object = of.object();
    String etag = "\"" + object.sha256() + "\"";
    HttpHeaders headers = new HttpHeaders();
    of.headers().accept(headers);
    headers.setETag(etag);
    headers.setLastModified(of.modified());
    headers.set(HttpHeaders.ACCEPT_RANGES, "bytes");
    if (unchanged(request.getHeaders(), etag, of.modified())) {
      return new ResponseEntity<>(headers, HttpStatus.NOT_MODIFIED);
    }
    headers.set("Repr-Digest", DeclaredDigest.header(object.sha256()));
    Optional<ByteRange> range =
        request.getMethod() == HttpMethod.GET
                && rangeHolds(request.getHeaders(), etag, of.modified())
            ? ByteRange.of(request.getHeaders().getFirst(HttpHeaders.RANGE), object.size())
            : Optional.empty();
    range.ifPresent(
        asked -> headers.set(HttpHeaders.CONTENT_RANGE, asked.contentRange(object.size())));
    headers.setContentLength(range.map(ByteRange::length).orElse(object.size()));
    return new ResponseEntity<>(
        body(request, of, range.orElse(null)),
        headers,
        range.isPresent() ? HttpStatus.PARTIAL_CONTENT : HttpStatus.OK);
  }

  private @Nullable Publisher<DataBuffer> body(
      ServerHttpRequest request, Of of, @Nullable ByteRange range) {
    if (request.getMethod() == HttpMethod.HEAD) {
      return null;
    }
    return range == null
        ? objects.read(of.object(), of.told())
        : objects.read(of.object(), range.first(), range.length(), of.told());
  }

  private static boolean unchanged(HttpHeaders asked, String etag, Instant modified) {
    List<String> known = asked.getIfNoneMatch();
    if (!known.isEmpty()) {
      return known.stream().anyMatch(one -> one.equals("*") || weakly(one).equals(etag));
    }
    long since = asked.getIfModifiedSince();
    return since >= 0 && !seconds(modified).isAfter(Instant.ofEpochMilli(since));
  }

  private static boolean rangeHolds(HttpHeaders asked, String etag, Instant modified) {
    String condition = asked.getFirst(HttpHeaders.IF_RANGE);
    if (condition == null || condition.equals(etag)) {
      return true;
    }
    if (condition.startsWith("\"") || condition.startsWith("W/")) {
      return false;
    }
    try {
      return asked.getFirstDate(HttpHeaders.IF_RANGE) == seconds(modified).toEpochMilli();
    } catch (IllegalArgumentException notADate) {
      return false;
    }
  }

  private static Instant seconds(Instant modified) {
    return modified.truncatedTo(ChronoUnit.SECONDS);
  }

  private static String weakly(String etag) {
    return etag.startsWith("W/") ? etag.substring(2) : etag;
  }
}
