package io.millrace.cli;

import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Bytes on their way: a bar with rate and time left on a terminal, a line for every tenth
 * elsewhere; nothing for less than a mebibyte. Safe for concurrent use.
 */
final class TransferProgress implements AutoCloseable {

  private static final long BETWEEN_UPDATES = Duration.ofMillis(200).toNanos();
  private static final double MEBIBYTE = 1 << 20;

  private final Terminal terminal;
  private final String label;
  private final long total;
  private final long began = System.nanoTime();
  private final AtomicLong done = new AtomicLong();
  private final AtomicLong before = new AtomicLong();
  private final AtomicLong shownAt = new AtomicLong(System.nanoTime() - BETWEEN_UPDATES);

  TransferProgress(Terminal terminal, String label, long total) {
    this.terminal = terminal;
    this.label = label;
    this.total = total;
  }

  /** Bytes that went, or negative: that have to go once more. */
  void add(long bytes) {
    show(done.addAndGet(bytes), false);
  }

  /** Bytes that need not go because they are there from an earlier try. */
  void skip(long bytes) {
    before.addAndGet(bytes);
    add(bytes);
  }

  /** Bytes that went in this try. */
  long moved() {
    return done.get() - before.get();
  }

  private void show(long now, boolean last) {
    long time = System.nanoTime();
    long shown = shownAt.get();
    if (total < MEBIBYTE
        || (!last && time - shown < BETWEEN_UPDATES)
        || !shownAt.compareAndSet(shown, time)) {
      return;
    }
    double seconds = Math.max(1e-3, (time - began) / 1e9);
    double rate = (now - before.get()) / seconds;
    String left =
        rate < 1 || now >= total
            ? ""
            : ", " + readable(Duration.ofSeconds((long) Math.ceil((total - now) / rate))) + " left";
    terminal.progress(
        label,
        Math.round(now / MEBIBYTE),
        Math.max(1, Math.round(total / MEBIBYTE)),
        String.format(Locale.ROOT, "MiB, %.1f MB/s%s", rate / 1e6, left));
  }

  static String readable(Duration time) {
    return time.toHours() > 0
        ? "%d h %02d min".formatted(time.toHours(), time.toMinutesPart())
        : time.toMinutes() > 0
            ? "%d min %02d s".formatted(time.toMinutes(), time.toSecondsPart())
            : time.toSeconds() + " s";
  }

  @Override
  public void close() {
    show(done.get(), true);
    terminal.endProgress();
  }
}
