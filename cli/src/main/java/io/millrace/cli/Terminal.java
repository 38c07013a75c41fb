package io.millrace.cli;

import java.io.PrintStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Output to a person or to a file: colours and a moving progress line only where somebody is
 * looking. Not safe for concurrent use except {@link #line}, which keeps whole lines whole.
 */
public final class Terminal {

  private static final int BAR_WIDTH = 24;

  /** How a text is to stand out. */
  public enum Style {
    BOLD("1"),
    DIM("2"),
    RED("31"),
    GREEN("32"),
    YELLOW("33"),
    CYAN("36");

    private final String code;

    Style(String code) {
      this.code = code;
    }
  }

  private final PrintStream out;
  private final boolean interactive;
  private boolean progressShown;
  private int lastTenth = -1;

  public Terminal(PrintStream out, boolean interactive) {
    this.out = out;
    this.interactive = interactive;
  }

  /** The process's standard output; interactive where it is a terminal and NO_COLOR is not set. */
  public static Terminal standard() {
    var console = System.console();
    return new Terminal(
        System.out, console != null && console.isTerminal() && System.getenv("NO_COLOR") == null);
  }

  /** Text in a style, plain where nobody is looking. */
  public String styled(Style style, String text) {
    return interactive ? "\u001b[" + style.code + "m" + text + "\u001b[0m" : text;
  }

  /** One whole line. */
  public synchronized void line(String text) {
    clearProgress();
    out.println(text);
    out.flush();
  }

  /**
   * A progress bar that replaces itself; without a terminal a line for every full tenth.
   *
   * @param label what progresses, for example `trees`
   * @param done steps done, 0 to total
   * @param total steps in all, at least 1
   * @param remark shown behind the bar
   */
  public synchronized void progress(String label, long done, long total, String remark) {
    var share = Math.clamp((double) done / Math.max(1, total), 0, 1);
    if (!interactive) {
      var tenth = (int) Math.floor(share * 10);
      if (tenth > lastTenth) {
        lastTenth = tenth;
        out.println(bar(label, done, total, share, remark, '#', '.'));
        out.flush();
      }
      return;
    }
    out.print("\r\u001b[2K" + bar(label, done, total, share, remark, '█', '░'));
    out.flush();
    progressShown = true;
  }

  /** Ends a progress bar, so that the next one starts from nothing. */
  public synchronized void endProgress() {
    if (progressShown) {
      out.println();
      progressShown = false;
    }
    lastTenth = -1;
  }

  private void clearProgress() {
    if (progressShown) {
      out.print("\r\u001b[2K");
      progressShown = false;
    }
  }

  private static String bar(
      String label, long done, long total, double share, String remark, char full, char empty) {
    var filled = (int) Math.round(share * BAR_WIDTH);
    return "          %-18s [%s%s] %d/%d  %s"
        .formatted(
            label,
            String.valueOf(full).repeat(filled),
            String.valueOf(empty).repeat(BAR_WIDTH - filled),
            done,
            total,
            remark);
  }

  /**
   * A table with a header, columns as wide as their widest cell.
   *
   * @param indent blanks before each line
   * @param header column names, blank where a column needs none
   * @param rows cells, as many a row as the header has; null is shown as `-`
   */
  public void table(int indent, List<String> header, List<? extends List<@Nullable String>> rows) {
    var widths = new int[header.size()];
    for (int column = 0; column < widths.length; column++) {
      widths[column] = header.get(column).length();
      for (var row : rows) {
        widths[column] = Math.max(widths[column], cell(row.get(column)).length());
      }
    }
    line(styled(Style.DIM, row(indent, header, widths)));
    for (var row : rows) {
      line(row(indent, row.stream().map(Terminal::cell).toList(), widths));
    }
  }

  private static String row(int indent, List<String> cells, int[] widths) {
    var text = new StringBuilder(" ".repeat(indent));
    for (int column = 0; column < widths.length; column++) {
      var cell = cells.get(column);
      text.append(cell);
      if (column < widths.length - 1) {
        text.append(" ".repeat(widths[column] - cell.length() + 2));
      }
    }
    return text.toString().stripTrailing();
  }

  private static String cell(@Nullable String value) {
    return value == null || value.isEmpty() ? "-" : value;
  }
}
