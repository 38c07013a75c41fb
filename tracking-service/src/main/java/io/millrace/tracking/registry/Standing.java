package io.millrace.tracking.registry;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Where the versions of a model stood at a time, and who had put them there.
 *
 * @param name what the model was called then
 * @param exists whether the model was registered then
 * @param environments by name
 * @param stages the versions outside the stage None, by number
 * @param aliases by name
 */
record Standing(
    String name,
    Instant at,
    boolean exists,
    List<Environment> environments,
    List<InStage> stages,
    List<Named> aliases) {

  /**
   * What an environment served.
   *
   * @param version that replicas served; null: none had said that it serves one
   * @param since when the first replica said so
   * @param by who had decided it
   * @param wanted what the environment was to serve but did not yet; null where it did
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Environment(
      String environment,
      @Nullable Integer version,
      @Nullable Long revision,
      @Nullable Instant since,
      @Nullable String by,
      @Nullable String cause,
      @Nullable String reason,
      @Nullable Wanted wanted) {}

  /** A decision that no replica had carried out yet. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Wanted(
      int version,
      long revision,
      Instant since,
      String by,
      @Nullable String cause,
      @Nullable String reason) {}

  /** A version in a stage. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record InStage(String stage, int version, Instant since, String by, @Nullable String reason) {}

  /** A version with an alias. */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Named(String alias, int version, Instant since, String by, @Nullable String reason) {}

  /**
   * Follows the lines of a history.
   *
   * @param lines up to the time, oldest first
   * @param environment leaves the others out; null: all
   */
  static Standing at(
      String name, Instant at, List<HistoryEntry> lines, @Nullable String environment) {
    String called = name;
    boolean exists = false;
    Map<Integer, InStage> stages = new TreeMap<>();
    Map<String, Named> aliases = new TreeMap<>();
    Map<String, HistoryEntry> promoted = new TreeMap<>();
    Map<String, HistoryEntry> deployed = new TreeMap<>();
    for (HistoryEntry line : lines) {
      int version = line.version() == null ? 0 : line.version();
      String subject = line.subject() == null ? "" : line.subject();
      switch (line.kind()) {
        case MODEL_CREATED -> {
          exists = true;
          called = line.name();
        }
        case MODEL_RENAMED -> called = String.valueOf(line.to());
        case MODEL_DELETED -> {
          exists = false;
          stages.clear();
          aliases.clear();
        }
        case VERSION_DELETED -> {
          stages.remove(version);
          aliases.values().removeIf(named -> named.version() == version);
        }
        case STAGE_CHANGED -> {
          String stage = String.valueOf(line.to());
          if (stage.equals(Stage.NONE.text())) {
            stages.remove(version);
          } else {
            stages.put(version, new InStage(stage, version, line.at(), line.by(), line.reason()));
          }
        }
        case ALIAS_SET ->
            aliases.put(subject, new Named(subject, version, line.at(), line.by(), line.reason()));
        case ALIAS_DELETED -> aliases.remove(subject);
        case PROMOTED -> promoted.merge(subject, line, Standing::later);
        case DEPLOYED -> deployed.merge(subject, line, Standing::later);
        case MODEL_DESCRIBED,
            MODEL_TAG_SET,
            MODEL_TAG_DELETED,
            VERSION_CREATED,
            VERSION_DESCRIBED,
            VERSION_TAG_SET,
            VERSION_TAG_DELETED -> {}
      }
    }
    return new Standing(
        called,
        at,
        exists,
        environments(lines, promoted, deployed, environment),
        List.copyOf(stages.values()),
        List.copyOf(aliases.values()));
  }

  private static List<Environment> environments(
      List<HistoryEntry> lines,
      Map<String, HistoryEntry> promoted,
      Map<String, HistoryEntry> deployed,
      @Nullable String only) {
    Map<String, HistoryEntry> all = new TreeMap<>(deployed);
    promoted.forEach(all::putIfAbsent);
    List<Environment> environments = new ArrayList<>();
    for (String name : all.keySet()) {
      if (only == null || only.equals(name)) {
        HistoryEntry serving = deployed.get(name);
        HistoryEntry wanted = promoted.get(name);
        boolean waiting =
            wanted != null && (serving == null || revision(wanted) > revision(serving));
        HistoryEntry decision =
            serving == null
                ? null
                : lines.stream()
                    .filter(
                        line ->
                            line.kind() == Transition.PROMOTED
                                && name.equals(line.subject())
                                && revision(line) == revision(serving))
                    .findFirst()
                    .orElse(serving);
        environments.add(
            new Environment(
                name,
                serving == null ? null : serving.version(),
                serving == null ? null : serving.revision(),
                serving == null ? null : serving.at(),
                decision == null ? null : decision.by(),
                decision == null ? null : decision.cause(),
                decision == null ? null : decision.reason(),
                wanted == null || !waiting ? null : wanted(wanted)));
      }
    }
    return environments;
  }

  private static Wanted wanted(HistoryEntry line) {
    return new Wanted(
        line.version() == null ? 0 : line.version(),
        revision(line),
        line.at(),
        line.by(),
        line.cause(),
        line.reason());
  }

  /** Revisions order what happens in an environment; events may arrive in another order. */
  private static HistoryEntry later(HistoryEntry one, HistoryEntry other) {
    return revision(other) > revision(one) ? other : one;
  }

  private static long revision(HistoryEntry line) {
    return line.revision() == null ? 0 : line.revision();
  }
}
