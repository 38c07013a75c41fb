package io.millrace.cli.porting;

import java.io.IOException;

/** One thing could not be carried now and may be the next time; the others go on. */
final class Trouble extends IOException {

  private final boolean away;

  Trouble(String message, boolean away) {
    super(message);
    this.away = away;
  }

  /** True where nothing answered at all. */
  boolean away() {
    return away;
  }
}
