package io.millrace.cli.porting;

import java.util.List;
import java.util.regex.Pattern;

/**
 * What is wanted of a source. Where neither experiments nor models are named, everything is; where
 * only one of them is, nothing of the other, except the runs that wanted model versions are from.
 *
 * @param experiments names or ids, in which `*` stands for any text
 * @param models names, likewise
 * @param since start time in ms of the first runs wanted
 */
public record Selection(List<String> experiments, List<String> models, long since) {

  public static final Selection ALL = new Selection(List.of(), List.of(), Long.MIN_VALUE);

  boolean experiment(Messages.Experiment experiment) {
    return everything()
        || matches(experiments, experiment.name())
        || experiments.contains(experiment.experimentId());
  }

  boolean model(String name) {
    return everything() || matches(models, name);
  }

  private boolean everything() {
    return experiments.isEmpty() && models.isEmpty();
  }

  private static boolean matches(List<String> patterns, String name) {
    return patterns.stream().anyMatch(pattern -> regex(pattern).matcher(name).matches());
  }

  private static Pattern regex(String pattern) {
    var regex = new StringBuilder();
    for (var part : pattern.split("\\*", -1)) {
      regex.append(Pattern.quote(part)).append(".*");
    }
    return Pattern.compile(regex.substring(0, regex.length() - 2), Pattern.DOTALL);
  }
}
