package io.millrace.cli.porting;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/** What was copied, and what was not and why. Safe for concurrent use. */
public final class Report {

  private static final int MOST_LINES = 1000;

  /** What is counted. */
  public enum Count {
    EXPERIMENTS("experiments"),
    RUNS("runs"),
    RUNS_UNCHANGED("runs that were here already"),
    METRIC_POINTS("metric points"),
    FILES("files"),
    BYTES("bytes"),
    LOGGED_MODELS("logged models"),
    MODELS("registered models"),
    VERSIONS("model versions"),
    GAPS("numbers skipped for deleted versions");

    private final String words;

    Count(String words) {
      this.words = words;
    }

    public String words() {
      return words;
    }
  }

  /** One thing and what became of it. */
  public record Remark(String what, String why) {}

  private final Map<Count, LongAdder> counts = new ConcurrentHashMap<>();
  private final Map<String, Remark> leftOut = new LinkedHashMap<>();
  private final Map<String, Remark> failed = new LinkedHashMap<>();
  private long more;

  void add(Count count, long by) {
    counts.computeIfAbsent(count, unused -> new LongAdder()).add(by);
  }

  void add(Count count) {
    add(count, 1);
  }

  public long count(Count count) {
    var adder = counts.get(count);
    return adder == null ? 0 : adder.sum();
  }

  /** Something stays behind for good; the rest of its owner is copied. */
  synchronized void leftOut(String what, String why) {
    remark(leftOut, what, why);
  }

  /** Something could not be copied now; the next time it is tried again. */
  synchronized void failed(String what, String why) {
    remark(failed, what, why);
  }

  private void remark(Map<String, Remark> remarks, String what, String why) {
    if (remarks.size() >= MOST_LINES && !remarks.containsKey(what + why)) {
      more++;
    } else {
      remarks.put(what + why, new Remark(what, why));
    }
  }

  public synchronized List<Remark> leftOut() {
    return new ArrayList<>(leftOut.values());
  }

  public synchronized List<Remark> failed() {
    return new ArrayList<>(failed.values());
  }

  /** Remarks beyond the first thousand of a kind, which are not kept. */
  public synchronized long more() {
    return more;
  }

  /** The report as JSON. */
  public synchronized String json() {
    Map<String, Object> report = new LinkedHashMap<>();
    for (var count : Count.values()) {
      report.put(count.name().toLowerCase(java.util.Locale.ROOT), count(count));
    }
    report.put("left_out", leftOut());
    report.put("failed", failed());
    report.put("remarks_not_kept", more);
    return Messages.JSON.writeValueAsString(report);
  }
}
