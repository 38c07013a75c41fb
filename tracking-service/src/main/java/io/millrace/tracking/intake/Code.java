package io.millrace.tracking.intake;

import io.millrace.artifacts.ArtifactUri;
import io.millrace.artifacts.InvalidArtifactUri;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The committed code that a request was made with, which becomes tags of its run. Built-in trainers
 * do not execute it.
 */
record Code(
    String commit,
    @Nullable String branch,
    @Nullable String repository,
    String subdirectory,
    String entryPoint,
    Stored archive,
    @Nullable Stored diff) {

  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}|[0-9a-f]{64}");
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern PASSWORD = Pattern.compile("://[^/@]*:[^/@]*@");
  private static final int LONGEST = 2048;

  /** A stored file. */
  record Stored(String uri, String sha256) {}

  /** Every reason to refuse it; empty if there is none. */
  List<Reason> problems() {
    List<Reason> problems = new ArrayList<>();
    if (!COMMIT.matcher(commit).matches()) {
      add(problems, "commit", "The commit is not 40 or 64 lower-case hex digits.");
    }
    file(problems, "archive", archive);
    if (diff != null) {
      file(problems, "diff", diff);
    }
    if (repository != null && PASSWORD.matcher(repository).find()) {
      add(problems, "repository", "The repository's address holds a password; leave it out.");
    }
    text(problems, "branch", branch);
    text(problems, "repository", repository);
    text(problems, "subdirectory", subdirectory);
    text(problems, "entryPoint", entryPoint);
    return problems;
  }

  private static void file(List<Reason> problems, String field, Stored file) {
    if (file.uri().length() > LONGEST || !isStored(file.uri())) {
      add(
          problems,
          field + ".uri",
          "The file is not stored here: its URI has the form mlflow-artifacts:/<path>.");
    }
    if (!SHA256.matcher(file.sha256()).matches()) {
      add(problems, field + ".sha256", "The SHA-256 is not 64 lower-case hex digits.");
    }
  }

  private static boolean isStored(String uri) {
    try {
      return ArtifactUri.parse(uri) instanceof ArtifactUri.Proxied;
    } catch (InvalidArtifactUri other) {
      return false;
    }
  }

  private static void text(List<Reason> problems, String field, @Nullable String text) {
    if (text != null && (text.length() > LONGEST || text.chars().anyMatch(c -> c < ' '))) {
      add(
          problems,
          field,
          "It has control characters or more than %d characters.".formatted(LONGEST));
    }
  }

  private static void add(List<Reason> problems, String field, String message) {
    problems.add(new Reason("invalid-code", message, "code." + field));
  }

  /** Tags by which MLflow's clients show the source of a run, and the URIs of its files. */
  Map<String, String> tags() {
    Map<String, String> tags = new TreeMap<>();
    if (repository != null) {
      tags.put(
          "mlflow.source.name",
          subdirectory.isEmpty() ? repository : repository + "#" + subdirectory);
      tags.put("mlflow.source.git.repoURL", repository);
    }
    tags.put("mlflow.source.type", "PROJECT");
    tags.put("mlflow.source.git.commit", commit);
    if (branch != null) {
      tags.put("mlflow.source.git.branch", branch);
    }
    tags.put("mlflow.project.entryPoint", entryPoint);
    tags.put("millrace.git.dirty", Boolean.toString(diff != null));
    tags.put("millrace.code.archive", archive.uri());
    tags.put("millrace.code.archive.sha256", archive.sha256());
    if (diff != null) {
      tags.put("millrace.code.diff", diff.uri());
      tags.put("millrace.code.diff.sha256", diff.sha256());
    }
    return tags;
  }
}
