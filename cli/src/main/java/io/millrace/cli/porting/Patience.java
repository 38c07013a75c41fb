package io.millrace.cli.porting;

import java.time.Duration;

/**
 * How long to bear with a server that is busy or away.
 *
 * @param tries calls in all before giving up, at least 1
 * @param firstPause pause before the second; each further one doubles, to {@code longestPause}
 * @param longestPause also the most that a server's `Retry-After` is followed
 */
public record Patience(int tries, Duration firstPause, Duration longestPause) {

  public static final Patience USUAL =
      new Patience(7, Duration.ofMillis(500), Duration.ofSeconds(60));

  public Patience {
    if (tries < 1) {
      throw new IllegalArgumentException("tries must be at least 1");
    }
  }

  Duration pause(int failed) {
    var millis = firstPause.toMillis() * Math.pow(2, Math.min(20, failed - 1));
    var bounded = Math.min(millis, longestPause.toMillis());
    return Duration.ofMillis((long) (bounded * (0.5 + Math.random() / 2)));
  }

  Duration bounded(Duration asked) {
    return asked.compareTo(longestPause) > 0 ? longestPause : asked;
  }
}
