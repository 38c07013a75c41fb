package io.millrace.inference.requests;

import io.micrometer.core.instrument.MeterRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferUtils;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.stereotype.Component;
import reactor.core.publisher.Mono;

/**
 * Reads bodies into memory, each up to a limit and all together up to another. Compressed bodies
 * are refused, so that what is sent is what is held.
 */
@Component
public final class Bodies {

  private final long largest;
  private final long room;
  private final String limits;
  private final AtomicLong held = new AtomicLong();

  Bodies(RequestSettings settings, MeterRegistry meters) {
    this.largest = settings.maxBody().toBytes();
    this.room = settings.bodyMemory().toBytes();
    this.limits = "millrace.inference.max-body=" + settings.maxBody();
    meters.gauge("inference.bodies.held", held);
  }

  /** Reads the body and holds its memory until the work on it ends. */
  public <T> Mono<T> with(ServerHttpRequest request, Function<byte[], Mono<T>> work) {
    String encoding = request.getHeaders().getFirst(HttpHeaders.CONTENT_ENCODING);
    if (encoding != null && !encoding.equalsIgnoreCase("identity")) {
      return Mono.error(
          new Refusal(
              HttpStatus.UNSUPPORTED_MEDIA_TYPE,
              "the body has Content-Encoding " + shown(encoding) + "; send it uncompressed"));
    }
    if (request.getHeaders().getContentLength() > largest) {
      return Mono.error(tooLarge());
    }
    return Mono.defer(
        () -> {
          Reading reading = new Reading();
          return request
              .getBody()
              .doOnNext(reading::add)
              .doOnDiscard(DataBuffer.class, DataBufferUtils::release)
              .then(Mono.defer(() -> work.apply(reading.bytes())))
              .doFinally(signal -> reading.end());
        });
  }

  private Refusal tooLarge() {
    return new Refusal(
        HttpStatus.CONTENT_TOO_LARGE,
        "the body is larger than "
            + largest
            + " bytes ("
            + limits
            + "); send fewer rows a request");
  }

  private static String shown(String text) {
    return text.length() > 40 ? text.substring(0, 40) + "..." : text;
  }

  /** One body on its way in. Its signals come one after the other. */
  private final class Reading {
    private final List<byte[]> chunks = new ArrayList<>();
    private long size;
    private long reserved;

    void add(DataBuffer buffer) {
      try {
        int length = buffer.readableByteCount();
        if (size + length > largest) {
          throw tooLarge();
        }
        reserved += length;
        if (held.addAndGet(length) > room) {
          throw new Refusal(
              HttpStatus.TOO_MANY_REQUESTS,
              "too many large requests at once; try again in a moment");
        }
        byte[] chunk = new byte[length];
        buffer.read(chunk);
        chunks.add(chunk);
        size += length;
      } finally {
        DataBufferUtils.release(buffer);
      }
    }

    byte[] bytes() {
      if (chunks.size() == 1) {
        return chunks.getFirst();
      }
      byte[] whole = new byte[(int) size];
      int at = 0;
      for (byte[] chunk : chunks) {
        System.arraycopy(chunk, 0, whole, at, chunk.length);
        at += chunk.length;
      }
      chunks.clear();
      return whole;
    }

    void end() {
      held.addAndGet(-reserved);
      reserved = 0;
      chunks.clear();
    }
  }
}
