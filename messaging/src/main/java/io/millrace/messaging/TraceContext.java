package io.millrace.messaging;

import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

/**
 * The W3C trace that the work on this thread belongs to. It enters with a record's or a request's
 * `traceparent` header, stands in the log's MDC as `traceId`, and leaves with every event that is
 * appended or published meanwhile.
 *
 * @param traceparent `00-<32 hex>-<16 hex>-<2 hex>`
 */
public record TraceContext(String traceparent) {

  /** Name of the header, in Kafka and in HTTP. */
  public static final String HEADER = "traceparent";

  private static final String MDC_KEY = "traceId";
  private static final Pattern FORM =
      Pattern.compile("[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}");
  private static final ThreadLocal<@Nullable TraceContext> CURRENT = new ThreadLocal<>();

  /** The trace of a header, if it is well formed. */
  public static Optional<TraceContext> parse(@Nullable String header) {
    return header != null && FORM.matcher(header).matches()
        ? Optional.of(new TraceContext(header))
        : Optional.empty();
  }

  /** The trace that a request or record came with, or a new one. */
  public static TraceContext ofOrNew(@Nullable String header) {
    return parse(header).orElseGet(TraceContext::begin);
  }

  /** The trace of a record, or a new one. */
  static TraceContext of(ConsumerRecord<byte[], byte[]> incoming) {
    return ofOrNew(EventHeaders.text(incoming.headers(), HEADER));
  }

  /** A new trace. */
  public static TraceContext begin() {
    return new TraceContext("00-" + hex(16) + "-" + hex(8) + "-01");
  }

  /** The trace of the work on this thread, if any. */
  public static Optional<TraceContext> current() {
    return Optional.ofNullable(CURRENT.get());
  }

  /** The same trace, one step further. */
  public TraceContext child() {
    return new TraceContext(traceparent.substring(0, 36) + hex(8) + traceparent.substring(52));
  }

  /** The 32 hex digits that all steps share. */
  public String traceId() {
    return traceparent.substring(3, 35);
  }

  /** Runs the work inside this trace and puts back what was there before. */
  public void run(Runnable work) {
    call(
        () -> {
          work.run();
          return true;
        });
  }

  /** Does the work inside this trace and puts back what was there before. */
  public <T> T call(Supplier<T> work) {
    TraceContext before = CURRENT.get();
    enter(this);
    try {
      return work.get();
    } finally {
      enter(before);
    }
  }

  private static void enter(@Nullable TraceContext context) {
    if (context == null) {
      CURRENT.remove();
      MDC.remove(MDC_KEY);
    } else {
      CURRENT.set(context);
      MDC.put(MDC_KEY, context.traceId());
    }
  }

  private static String hex(int bytes) {
    byte[] random = new byte[bytes];
    ThreadLocalRandom.current().nextBytes(random);
    random[0] |= 1;
    return HexFormat.of().formatHex(random);
  }
}
