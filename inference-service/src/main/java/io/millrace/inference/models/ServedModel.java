package io.millrace.inference.models;

import io.millrace.inference.rows.Columns;
import io.millrace.inference.rows.RowBatch;
import io.millrace.modelpackage.OnnxScorer;
import io.millrace.modelpackage.Scores;
import java.time.Instant;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One loaded model version. It is closed by the last user after it was retired, never under a
 * running call. Safe for many threads.
 */
public final class ServedModel {

  private static final int PROBES = 5;
  private static final int PROBE_ROWS = 16;

  private final Endpoint endpoint;
  private final int version;
  private final long revision;
  private final Instant loadedAt;
  private final Columns columns;
  private final OnnxScorer scorer;
  private final long nanosPerRow;

  /** Users of the scorer; the table that serves it is one of them. At 0 it is closed for good. */
  private final AtomicInteger users = new AtomicInteger(1);

  private ServedModel(
      Endpoint endpoint,
      int version,
      long revision,
      Instant loadedAt,
      Columns columns,
      OnnxScorer scorer,
      long nanosPerRow) {
    this.endpoint = endpoint;
    this.version = version;
    this.revision = revision;
    this.loadedAt = loadedAt;
    this.columns = columns;
    this.scorer = scorer;
    this.nanosPerRow = nanosPerRow;
  }

  /** Takes a scorer over, runs it a few times and measures what a row costs. */
  static ServedModel warm(Endpoint endpoint, int version, long revision, OnnxScorer scorer) {
    scorer.warmUp();
    int width = scorer.signature().width();
    float[] rows = new float[width * PROBE_ROWS];
    Arrays.fill(rows, 1f);
    long[] nanos = new long[PROBES];
    for (int i = 0; i < PROBES; i++) {
      long start = System.nanoTime();
      scorer.score(rows, PROBE_ROWS);
      nanos[i] = System.nanoTime() - start;
    }
    Arrays.sort(nanos);
    return new ServedModel(
        endpoint,
        version,
        revision,
        Instant.now(),
        new Columns(scorer.signature()),
        scorer,
        nanos[PROBES / 2] / PROBE_ROWS);
  }

  /** Where it is served. */
  public Endpoint endpoint() {
    return endpoint;
  }

  /** Model version, counted from 1. */
  public int version() {
    return version;
  }

  /** Revision of the desired state it fulfils. */
  public long revision() {
    return revision;
  }

  /** When it began to serve. */
  public Instant loadedAt() {
    return loadedAt;
  }

  /** Its input columns. */
  public Columns columns() {
    return columns;
  }

  /** What scoring that many rows takes about, in nanoseconds, as measured when it was warmed. */
  public long expectedNanos(int rows) {
    return nanosPerRow * rows;
  }

  /** Scores a batch on the calling thread. Only between acquire and release. */
  public Scores score(RowBatch batch) {
    return scorer.score(batch.matrix(), batch.rows());
  }

  /**
   * Becomes a user; false where it is closed already and the caller must look for its successor.
   */
  boolean acquire() {
    int now;
    do {
      now = users.get();
      if (now == 0) {
        return false;
      }
    } while (!users.compareAndSet(now, now + 1));
    return true;
  }

  /** Ends one use; the last one closes the scorer. */
  public void release() {
    if (users.decrementAndGet() == 0) {
      scorer.close();
    }
  }

  /** True once it was retired and its last user is gone. */
  boolean closed() {
    return users.get() == 0;
  }
}
