package io.millrace.artifact.storage;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.OptionalLong;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.server.reactive.ServerHttpRequest;

/** The body of a request as a blocking stream that takes from the network only what is read. */
public final class RequestBytes {

  private static final int BUFFERS_AHEAD = 8;

  /**
   * Longest silence of a sender. Longer than the object store may be silent, since nothing is read
   * from the sender meanwhile.
   */
  private static final Duration SILENCE = Duration.ofMinutes(3);

  private RequestBytes() {}

  /** A body that ended before its end: the sender went away. */
  public static final class Interrupted extends IOException {
    Interrupted(Throwable cause) {
      super("the sender went away in the middle of the body", cause);
    }
  }

  /** The body; closing it lets the sender go. */
  public static InputStream of(ServerHttpRequest request) {
    return DataBufferUtils.subscriberInputStream(
        request.getBody().timeout(SILENCE).onErrorMap(Interrupted::new), BUFFERS_AHEAD);
  }

  /** The length of the body where it is declared. */
  public static OptionalLong length(ServerHttpRequest request) {
    long length = request.getHeaders().getContentLength();
    return length < 0 ? OptionalLong.empty() : OptionalLong.of(length);
  }
}
