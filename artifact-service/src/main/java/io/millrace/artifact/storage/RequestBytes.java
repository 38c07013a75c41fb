package io.millrace.artifact.storage;

import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.OptionalLong;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.http.server.reactive.ServerHttpRequestDecorator;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.server.HttpServerRequest;

/** The body of a request as a blocking stream that takes from the network only what is read. */
public final class RequestBytes {

  private static final int BUFFERS_AHEAD = 4;

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
    Flux<DataBuffer> body =
        request
            .getBody()
            .takeUntilOther(disconnected(request))
            .timeout(SILENCE)
            .onErrorMap(Interrupted::new);
    return DataBufferUtils.subscriberInputStream(body, BUFFERS_AHEAD);
  }

  /** The length of the body where it is declared. */
  public static OptionalLong length(ServerHttpRequest request) {
    long length = request.getHeaders().getContentLength();
    return length < 0 ? OptionalLong.empty() : OptionalLong.of(length);
  }

  /**
   * Fails when the connection closes. The body should do that itself, and does not over Java's
   * sockets: up to Netty 4.2.17 the close of a connection whose reading is paused ends in a
   * NullPointerException instead (netty pull request 17248).
   */
  private static Mono<Void> disconnected(ServerHttpRequest request) {
    if (!(ServerHttpRequestDecorator.getNativeRequest(request)
        instanceof HttpServerRequest connected)) {
      return Mono.never();
    }
    return Mono.create(
        sink ->
            connected.withConnection(
                connection -> {
                  ChannelFuture closed = connection.channel().closeFuture();
                  ChannelFutureListener listener =
                      future -> sink.error(new IOException("the connection is closed"));
                  sink.onDispose(() -> closed.removeListener(listener));
                  closed.addListener(listener);
                }));
  }
}
