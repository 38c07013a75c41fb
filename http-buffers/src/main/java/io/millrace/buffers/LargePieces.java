package io.millrace.buffers;

import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelOption;
import reactor.netty.http.client.HttpClient;
import reactor.netty.http.server.HttpServer;

/**
 * Bodies come in large pieces, in buffers that are used again.
 *
 * <p>By default what is read at once is passed on in pieces of 8 KiB, each of which costs as much
 * as a large one, and a read of 128 KiB makes a new buffer of zeros each time.
 *
 * @param first bytes that are read of a connection at first; how many follows from what comes, down
 *     to a KiB
 * @param largest bytes of a piece, and of a read
 */
public record LargePieces(int first, int largest) {

  private static final int SMALLEST = 1024;

  public LargePieces {
    if (first < SMALLEST || largest < first) {
      throw new IllegalArgumentException(
          "first is %d and largest %d, not %d or more in this order"
              .formatted(first, largest, SMALLEST));
    }
  }

  /** A server whose requests come so. */
  public HttpServer requestsOf(HttpServer server) {
    return server
        .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
        .childOption(ChannelOption.RECVBUF_ALLOCATOR, receiving())
        .httpRequestDecoder(decoder -> decoder.maxChunkSize(largest));
  }

  /** A client whose answers come so. */
  public HttpClient answersOf(HttpClient client) {
    return client
        .option(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
        .option(ChannelOption.RECVBUF_ALLOCATOR, receiving())
        .httpResponseDecoder(decoder -> decoder.maxChunkSize(largest));
  }

  private AdaptiveRecvByteBufAllocator receiving() {
    return new AdaptiveRecvByteBufAllocator(SMALLEST, first, largest);
  }
}
