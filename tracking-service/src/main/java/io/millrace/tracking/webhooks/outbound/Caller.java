package io.millrace.tracking.webhooks.outbound;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.resolver.AddressResolver;
import io.netty.resolver.AddressResolverGroup;
import io.netty.resolver.InetNameResolver;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Promise;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.client.HttpClientResponse;
import reactor.netty.resources.ConnectionProvider;

/**
 * Posts to what a {@link TargetGuard} lets through. Each call resolves its host anew, opens a
 * connection of its own to an address that was checked, follows no redirect, reads no more than the
 * beginning of the answer and ends within its time. Safe for many threads; a call blocks.
 */
public final class Caller {

  private static final int LARGEST_ANSWER = 4096;
  private static final Duration LONGEST_BODY = Duration.ofSeconds(2);
  private static final Duration LONGEST_RETRY_AFTER = Duration.ofDays(1);

  private final TargetGuard guard;
  private final Duration timeout;
  private final HttpClient http;

  /**
   * @param timeout from the look-up of the host to the status
   * @param trusted who may vouch for receivers
   */
  public Caller(TargetGuard guard, Duration timeout, TrustManagerFactory trusted) {
    this.guard = guard;
    this.timeout = timeout;
    SslContext tls = tls(trusted);
    this.http =
        HttpClient.create(ConnectionProvider.newConnection())
            .protocol(HttpProtocol.HTTP11)
            .followRedirect(false)
            .keepAlive(false)
            .disableRetry(true)
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) timeout.toMillis())
            .secure(spec -> spec.sslContext(tls).handshakeTimeout(timeout))
            .resolver(new GuardedResolvers())
            .doOnChannelInit(
                (observer, channel, remote) ->
                    channel.pipeline().addFirst("millrace.guard", new GuardedConnect()));
  }

  private static SslContext tls(TrustManagerFactory trusted) {
    try {
      // The name in the URL has to be in the certificate, whatever address it led to.
      return SslContextBuilder.forClient()
          .sslProvider(SslProvider.JDK)
          .trustManager(trusted)
          .endpointIdentificationAlgorithm("HTTPS")
          .build();
    } catch (SSLException broken) {
      throw new IllegalStateException(broken);
    }
  }

  /** Posts a body; whatever goes wrong is in the result. */
  public Exchange post(String url, Map<String, String> headers, String body) {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    long begun = System.nanoTime();
    URI target;
    try {
      target = guard.formed(url);
    } catch (TargetRefused refused) {
      return failed(begun, refused);
    }
    AtomicReference<@Nullable Exchange> answered = new AtomicReference<>();
    try {
      http.headers(
              named -> {
                headers.forEach(named::set);
                named.set("Content-Length", bytes.length);
                named.set("User-Agent", "Millrace-Webhooks");
              })
          .post()
          .uri(target)
          .send(Mono.fromSupplier(() -> Unpooled.wrappedBuffer(bytes)))
          .response(
              (answer, content) -> {
                Exchange known = exchange(begun, answer, "");
                answered.set(known);
                return beginning(content.asByteArray())
                    .doOnNext(text -> answered.set(exchange(known, text)));
              })
          .then()
          .block(timeout);
    } catch (RuntimeException failure) {
      // A status counts, whatever happens to the rest of the answer.
      Exchange known = answered.get();
      return known == null ? failed(begun, failure) : known;
    }
    Exchange known = answered.get();
    return known == null
        ? failed(begun, new IllegalStateException("the connection ended without an answer"))
        : known;
  }

  private static Mono<String> beginning(Flux<byte[]> content) {
    return Mono.defer(
        () -> {
          ByteArrayOutputStream read = new ByteArrayOutputStream();
          AtomicInteger room = new AtomicInteger(LARGEST_ANSWER);
          return content
              .takeUntil(
                  chunk -> {
                    int taken = Math.min(room.get(), chunk.length);
                    read.write(chunk, 0, taken);
                    return room.addAndGet(-taken) == 0;
                  })
              .take(LONGEST_BODY)
              .onErrorComplete()
              .then(Mono.fromSupplier(() -> text(read.toByteArray())));
        });
  }

  /** PostgreSQL has no place for the character NUL. */
  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8).replace('\0', '\ufffd');
  }

  private static Exchange exchange(long begun, HttpClientResponse answer, String body) {
    return new Exchange(
        answer.status().code(),
        body,
        Duration.ofNanos(System.nanoTime() - begun),
        null,
        retryAfter(answer.responseHeaders().get("Retry-After")));
  }

  private static Exchange exchange(Exchange known, String body) {
    return new Exchange(known.status(), body, known.latency(), null, known.retryAfter());
  }

  private Exchange failed(long begun, Throwable failure) {
    return new Exchange(
        null, "", Duration.ofNanos(System.nanoTime() - begun), explained(failure), null);
  }

  private String explained(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof TargetRefused refused) {
        return refused.words();
      }
      if (cause instanceof TimeoutException
          || (cause instanceof IllegalStateException
              && String.valueOf(cause.getMessage()).startsWith("Timeout on blocking read"))) {
        return "no answer within " + timeout.toMillis() + " ms";
      }
    }
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String message = String.valueOf(root.getMessage()).replace('\0', '\ufffd');
    return root.getClass().getSimpleName()
        + ": "
        + (message.length() <= 300 ? message : message.substring(0, 300));
  }

  /** Seconds or an HTTP date; what is neither is as if it were not there. */
  static @Nullable Duration retryAfter(@Nullable String given) {
    if (given == null) {
      return null;
    }
    Duration wait;
    try {
      wait =
          given.strip().matches("\\d{1,9}")
              ? Duration.ofSeconds(Long.parseLong(given.strip()))
              : Duration.between(
                  Instant.now(),
                  ZonedDateTime.parse(given.strip(), DateTimeFormatter.RFC_1123_DATE_TIME)
                      .toInstant());
    } catch (DateTimeException notATime) {
      return null;
    }
    if (wait.isNegative()) {
      return Duration.ZERO;
    }
    return wait.compareTo(LONGEST_RETRY_AFTER) > 0 ? LONGEST_RETRY_AFTER : wait;
  }

  /** Looks names up through the guard, on threads that may block. */
  private final class GuardedResolvers extends AddressResolverGroup<InetSocketAddress> {

    @Override
    protected AddressResolver<InetSocketAddress> newResolver(EventExecutor executor) {
      return new InetNameResolver(executor) {
        @Override
        protected void doResolve(String host, Promise<InetAddress> found) {
          look(host, found, List::getFirst);
        }

        @Override
        protected void doResolveAll(String host, Promise<List<InetAddress>> found) {
          look(host, found, addresses -> addresses);
        }
      }.asAddressResolver();
    }

    private <T> void look(
        String host, Promise<T> found, java.util.function.Function<List<InetAddress>, T> wanted) {
      Thread.ofVirtual()
          .name("webhook-host")
          .start(
              () -> {
                try {
                  found.trySuccess(wanted.apply(guard.resolve(host)));
                } catch (TargetRefused | RuntimeException refused) {
                  // Netty's callers expect a look-up to fail with this type.
                  UnknownHostException failure = new UnknownHostException(host);
                  failure.initCause(refused);
                  found.tryFailure(failure);
                }
              });
    }
  }

  /** The last word: whatever a host was resolved to, and by whom, this is where it would go. */
  private final class GuardedConnect extends ChannelOutboundHandlerAdapter {

    @Override
    public void connect(
        ChannelHandlerContext context,
        SocketAddress remote,
        SocketAddress local,
        ChannelPromise promise)
        throws Exception {
      if (!(remote instanceof InetSocketAddress address) || address.getAddress() == null) {
        promise.tryFailure(new IllegalStateException("not an internet address: " + remote));
        return;
      }
      try {
        guard.require(address.getHostString(), address.getAddress());
      } catch (TargetRefused refused) {
        promise.tryFailure(refused);
        return;
      }
      context.connect(remote, local, promise);
    }
  }
}
