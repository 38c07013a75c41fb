package io.millrace.tracking.runs;

import java.util.List;
import java.util.concurrent.ThreadLocalRandom;

/** Names for runs that were given none. */
public final class RunNames {

  private static final List<String> ADJECTIVES =
      List.of(
          "brisk", "calm", "clear", "deep", "early", "even", "fair", "fresh", "gentle", "grand",
          "keen", "lively", "mellow", "neat", "quick", "quiet", "rapid", "smooth", "steady",
          "swift");
  private static final List<String> NOUNS =
      List.of(
          "alder", "bank", "beck", "brook", "cove", "delta", "eddy", "fen", "ford", "heron", "lock",
          "mere", "otter", "reed", "rill", "sluice", "spring", "trout", "weir", "wheel");

  private RunNames() {}

  /** A name of two words and a number. */
  public static String random() {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    return "%s-%s-%d"
        .formatted(
            ADJECTIVES.get(random.nextInt(ADJECTIVES.size())),
            NOUNS.get(random.nextInt(NOUNS.size())),
            random.nextInt(1000));
  }
}
