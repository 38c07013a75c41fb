package io.millrace.cli.porting;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Holds every file of an export against the manifest. */
public final class ExportCheck {

  private static final int MOST_PROBLEMS = 1000;

  private ExportCheck() {}

  /**
   * What was found.
   *
   * @param files that were looked at
   * @param problems one sentence each, at most a thousand; empty where all is well
   */
  public record Result(long files, List<String> problems) {}

  /**
   * Reads every byte.
   *
   * @throws PortingFailure where the folder is no export
   */
  public static Result check(Path root) {
    var manifest = ExportManifest.read(root);
    List<String> problems = new ArrayList<>();
    Set<String> known = new HashSet<>();
    long files = 0;
    try {
      var list = root.resolve(ExportLayout.SUMS);
      if (!Files.exists(list) || !Sha256.of(list).equals(manifest.sha256sums())) {
        problems.add(ExportLayout.SUMS + " is missing or not the one of the manifest");
        return new Result(0, problems);
      }
      try (var lines = Files.newBufferedReader(list)) {
        for (var line = lines.readLine(); line != null; line = lines.readLine()) {
          files++;
          var path = line.substring(Math.min(66, line.length()));
          known.add(path);
          file(root, path, line.substring(0, Math.min(64, line.length())), problems);
        }
      }
      if (files != manifest.files()) {
        add(problems, "the list has %d files, the manifest %d".formatted(files, manifest.files()));
      }
      strangers(root, known, problems);
      return new Result(files, problems);
    } catch (IOException e) {
      throw new PortingFailure("Cannot read " + root + ": " + e.getMessage(), e);
    }
  }

  private static void file(Path root, String path, String sha256, List<String> problems)
      throws IOException {
    var unsafe = SafePath.problem(path);
    if (unsafe.isPresent()) {
      add(problems, path + ": " + unsafe.get());
      return;
    }
    var file = root.resolve(path);
    if (!Files.isRegularFile(file)) {
      add(problems, path + " is missing");
    } else if (!Sha256.of(file).equals(sha256)) {
      add(problems, path + " is damaged");
    }
  }

  private static void strangers(Path root, Set<String> known, List<String> problems)
      throws IOException {
    var own = Set.of(ExportLayout.MANIFEST, ExportLayout.SUMS, ExportLayout.STATE);
    try (var all = Files.walk(root)) {
      all.filter(Files::isRegularFile)
          .map(file -> DirectorySink.slashed(root.relativize(file)))
          .filter(path -> !known.contains(path) && !own.contains(path))
          .filter(path -> !path.contains(ExportLayout.PART + "/"))
          .forEach(path -> add(problems, path + " does not belong to the export"));
    }
  }

  private static void add(List<String> problems, String problem) {
    if (problems.size() < MOST_PROBLEMS) {
      problems.add(problem);
    }
  }
}
