package io.millrace.artifact.storage;

import io.millrace.buffers.LargePieces;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelOption;
import java.net.URI;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.core.io.buffer.NettyDataBufferFactory;
import org.springframework.stereotype.Component;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;

/**
 * Whole objects from the store to a reader without a copy in between: the buffers that came from
 * one network connection go out on the other, and are hashed on their way. At the reader's pace.
 */
@Component
final class ObjectStream implements AutoCloseable {

  private static final int READERS = 256;
  private static final LargePieces PIECES = new LargePieces(128 * 1024, 128 * 1024);
  private static final int AHEAD = 16;

  /** Beside the network's threads, so that the next bytes come while these are hashed. */
  private static final Scheduler HASHING =
      new Unstoppable(
          Executors.newFixedThreadPool(
              Runtime.getRuntime().availableProcessors(),
              Thread.ofPlatform().name("object-hash-", 1).daemon().factory()));

  private static final int OK = 200;
  private static final int NOT_FOUND = 404;

  private final ObjectStore store;
  private final ConnectionProvider connections;
  private final HttpClient http;
  private final NettyDataBufferFactory buffers =
      new NettyDataBufferFactory(PooledByteBufAllocator.DEFAULT);

  ObjectStream(ObjectStore store, S3Settings settings) {
    this.store = store;
    this.connections = ConnectionProvider.builder("objects").maxConnections(READERS).build();
    this.http =
        PIECES
            .answersOf(
                TrustedAuthorities.of(settings.rootCertificate())
                    .into(HttpClient.create(connections)))
            .option(
                ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) settings.connectTimeout().toMillis())
            .responseTimeout(settings.timeout());
  }

  /**
   * The bytes of an object. The last of them are passed on when the digest is known to be right.
   *
   * @param damaged makes the failure of what was found, and may block
   */
  Flux<DataBuffer> read(
      String key, long size, String sha256, Function<String, Mono<? extends Throwable>> damaged) {
    return Flux.defer(
        () -> {
          Checked checked = new Checked(size, sha256);
          return http.get()
              .uri(URI.create(store.ownAddress(key)))
              .response(
                  (response, body) ->
                      switch (response.status().code()) {
                        case OK -> body.map(ByteBuf::retain).<DataBuffer>map(buffers::wrap);
                        case NOT_FOUND -> failed(damaged.apply("it is missing"));
                        default ->
                            Flux.error(unavailable(key, "it answered " + response.status(), null));
                      })
              .onErrorMap(
                  e -> !(e instanceof ObjectCorrupt || e instanceof StorageUnavailable),
                  e -> unavailable(key, e.toString(), e))
              .publishOn(HASHING, AHEAD)
              .<DataBuffer>handle(
                  (buffer, sink) -> {
                    DataBuffer ready = checked.next(buffer);
                    if (ready != null) {
                      sink.next(ready);
                    } else if (checked.isTooLong()) {
                      sink.error(new TooLong());
                    }
                  })
              .onErrorResume(
                  TooLong.class, e -> failed(damaged.apply("its size is not the stored one")))
              .concatWith(
                  Flux.defer(
                      () -> {
                        String fault = checked.fault();
                        if (fault != null) {
                          return failed(damaged.apply(fault));
                        }
                        DataBuffer last = checked.last();
                        return last == null ? Flux.empty() : Flux.just(last);
                      }))
              .doFinally(signal -> checked.release())
              .doOnDiscard(DataBuffer.class, DataBufferUtils::release);
        });
  }

  private static Flux<DataBuffer> failed(Mono<? extends Throwable> failure) {
    return failure.flatMapMany(Flux::error);
  }

  private StorageUnavailable unavailable(String key, String why, @Nullable Throwable cause) {
    return new StorageUnavailable(
        "the object store %s could not read %s: %s%s"
            .formatted(store.address(), key, why, TrustedAuthorities.remedy(cause)),
        cause);
  }

  @Override
  public void close() {
    connections.dispose();
  }

  /**
   * Runs every task, also those of a reader that has gone away: what waits for its hash is let go
   * by a task, and one that is taken back before it begins would leave it for ever. Every scheduler
   * of Reactor takes it back, and what is left in the queue then is not discarded either, so no
   * {@code doOnDiscard} hears of it; {@code AbandonedDownloadsIT} fails with such a one.
   */
  private record Unstoppable(Executor threads) implements Scheduler {

    @Override
    public Disposable schedule(Runnable task) {
      threads.execute(task);
      return Disposables.never();
    }

    @Override
    public Worker createWorker() {
      return new Worker() {
        @Override
        public Disposable schedule(Runnable task) {
          return Unstoppable.this.schedule(task);
        }

        @Override
        public void dispose() {}
      };
    }
  }

  private static final class TooLong extends RuntimeException {}

  /** Hashes what passes and holds the buffer back that ends it. */
  private static final class Checked {
    private final Sha256 digest;
    private final long expectedSize;
    private final String expectedSha256;
    private long size;
    private @Nullable DataBuffer held;
    private boolean over;

    Checked(long expectedSize, String expectedSha256) {
      this.expectedSize = expectedSize;
      this.expectedSha256 = expectedSha256;
      this.digest = Sha256.of(expectedSize);
    }

    synchronized @Nullable DataBuffer next(DataBuffer buffer) {
      if (over) {
        DataBufferUtils.release(buffer);
        return null;
      }
      size += buffer.readableByteCount();
      try (DataBuffer.ByteBufferIterator parts = buffer.readableByteBuffers()) {
        parts.forEachRemaining(digest::update);
      }
      if (size < expectedSize) {
        return buffer;
      }
      if (held == null) {
        held = buffer;
      } else {
        DataBufferUtils.release(buffer);
      }
      return null;
    }

    boolean isTooLong() {
      return size > expectedSize;
    }

    @Nullable String fault() {
      if (size != expectedSize) {
        return "its size is not the stored one";
      }
      return digest.hex().equals(expectedSha256) ? null : "its SHA-256 is not the stored one";
    }

    synchronized @Nullable DataBuffer last() {
      DataBuffer last = held;
      held = null;
      return last;
    }

    synchronized void release() {
      over = true;
      if (held != null) {
        DataBufferUtils.release(held);
        held = null;
      }
    }
  }
}
