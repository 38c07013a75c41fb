package io.millrace.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import tools.jackson.databind.JsonNode;

/** Stores, fetches, shows and compares dataset versions. */
@Command(
    name = "datasets",
    description = "Store, fetch, show, compare and verify dataset versions.")
final class DatasetsCommand implements Runnable {

  private static final int MOST_PARALLEL = 64;

  @ParentCommand @Nullable Millrace millrace;

  @Override
  public void run() {
    list(false);
  }

  @Command(
      description =
          "Store a file, or a folder with all its files, as a version. Only bytes that are not stored yet are sent; a broken push goes on where it stopped.")
  int push(
      @Parameters(paramLabel = "NAME", description = "Dataset name.") String name,
      @Parameters(paramLabel = "PATH", description = "The file or folder.") Path path,
      @Option(
              names = "--parallel",
              paramLabel = "N",
              defaultValue = "8",
              description = "Files and parts sent at a time (default: ${DEFAULT-VALUE}).")
          int parallel,
      @Option(names = "--by", paramLabel = "NAME", description = "Who stores it.")
          @Nullable String by,
      @Option(names = "--json", description = "The version as JSON.") boolean json) {
    var root = Objects.requireNonNull(millrace);
    try (var gateway = root.client()) {
      var pushed =
          new DatasetTransfer(gateway, quiet(root.terminal(), json), checked(parallel))
              .push(name, path, by == null ? System.getProperty("user.name", "unknown") : by);
      if (json) {
        root.terminal().line(pushed.version().toString());
      } else {
        root.terminal().line(describe(pushed.version()));
        root.terminal()
            .line(
                "          %d files sent (%s), %d were there"
                    .formatted(
                        pushed.moved().files(),
                        bytes(pushed.moved().bytes()),
                        pushed.moved().unchanged()));
      }
    }
    return 0;
  }

  @Command(
      description =
          "Fetch the files of a version. Files that are there already stay; a broken pull goes on where it stopped; a file gets its name when its digest is right.")
  int pull(
      @Parameters(paramLabel = "NAME", description = "Dataset name.") String name,
      @Parameters(
              paramLabel = "FOLDER",
              arity = "0..1",
              description = "Where to (default: a folder of the dataset's name).")
          @Nullable Path folder,
      @Option(
              names = "--version",
              paramLabel = "N",
              defaultValue = "latest",
              description = "Which (default: ${DEFAULT-VALUE}).")
          String version,
      @Option(
              names = "--parallel",
              paramLabel = "N",
              defaultValue = "8",
              description = "Files fetched at a time (default: ${DEFAULT-VALUE}).")
          int parallel,
      @Option(names = "--json", description = "What was fetched, as JSON.") boolean json) {
    var root = Objects.requireNonNull(millrace);
    try (var gateway = root.client()) {
      var found = gateway.get(at(name, version));
      var into = folder == null ? Path.of(name) : folder;
      var moved =
          new DatasetTransfer(gateway, quiet(root.terminal(), json), checked(parallel))
              .pull(name, found, into);
      if (json) {
        var said = new LinkedHashMap<String, Object>();
        said.put("name", name);
        said.put("version", found.path("version").asInt());
        said.put("digest", found.path("digest").asString());
        said.put("folder", into.toAbsolutePath().toString());
        said.put("fetched", moved.files());
        said.put("unchanged", moved.unchanged());
        said.put("bytes", moved.bytes());
        root.terminal().line(GatewayClient.JSON.writeValueAsString(said));
      } else {
        root.terminal()
            .line(
                "%s version %d in %s: %d files fetched (%s), %d were there"
                    .formatted(
                        name,
                        found.path("version").asInt(),
                        into,
                        moved.files(),
                        bytes(moved.bytes()),
                        moved.unchanged()));
      }
    }
    return 0;
  }

  @Command(description = "List the datasets and their newest versions.")
  int list(@Option(names = "--json", description = "The list as JSON.") boolean json) {
    var root = Objects.requireNonNull(millrace);
    try (var gateway = root.client()) {
      var items = gateway.get("/api/v1/datasets?limit=1000").path("items");
      if (json) {
        root.terminal().line(items.toString());
        return 0;
      }
      List<List<@Nullable String>> rows = new ArrayList<>();
      for (var dataset : items) {
        rows.add(
            List.of(
                Story.text(dataset, "name"),
                dataset.path("version").asString(dataset.path("latestVersion").asString("")),
                dataset.path("files").asString(""),
                dataset.path("rows").asString(""),
                bytes(dataset.path("size").asLong()),
                "%.12s".formatted(Story.text(dataset, "digest"))));
      }
      if (rows.isEmpty()) {
        root.terminal().line("No datasets yet: `./millrace datasets push NAME FILE.csv`");
      } else {
        root.terminal()
            .table(0, List.of("dataset", "version", "files", "rows", "size", "digest"), rows);
      }
    }
    return 0;
  }

  @Command(description = "Show a version: its digest, columns and files.")
  int show(
      @Parameters(paramLabel = "NAME", description = "Dataset name.") String name,
      @Option(
              names = "--version",
              paramLabel = "N",
              defaultValue = "latest",
              description = "Which (default: ${DEFAULT-VALUE}).")
          String version,
      @Option(names = "--json", description = "The version as JSON.") boolean json) {
    var root = Objects.requireNonNull(millrace);
    try (var gateway = root.client()) {
      var found = gateway.get(at(name, version));
      if (json) {
        root.terminal().line(found.toString());
        return 0;
      }
      var terminal = root.terminal();
      terminal.line(
          "%s version %d, %d rows, %s in %d files, by %s at %s"
              .formatted(
                  name,
                  found.path("version").asInt(),
                  found.path("rows").asLong(),
                  bytes(found.path("totalSize").asLong(found.path("size").asLong())),
                  found.path("files").asInt(1),
                  Story.text(found, "createdBy"),
                  Story.text(found, "createdAt")));
      terminal.line("digest  " + Story.text(found, "digest"));
      List<List<@Nullable String>> columns = new ArrayList<>();
      for (var column : found.path("schema").path("columns")) {
        columns.add(
            List.of(
                Story.text(column, "name"),
                Story.text(column, "kind"),
                column.path("distinct").asString(""),
                column.path("nullable").asBoolean() ? "yes" : "no"));
      }
      if (!columns.isEmpty()) {
        terminal.line("");
        terminal.table(0, List.of("column", "kind", "distinct", "missing"), columns);
      }
      List<List<@Nullable String>> files = new ArrayList<>();
      for (var file :
          gateway
              .get(at(name, found.path("version").asString()) + "/files?limit=20")
              .path("items")) {
        files.add(
            List.of(
                Story.text(file, "path"),
                bytes(file.path("size").asLong()),
                "%.12s".formatted(Story.text(file, "sha256"))));
      }
      terminal.line("");
      terminal.table(0, List.of("file", "size", "sha256"), files);
      if (found.path("files").asInt() > files.size()) {
        terminal.line("and %d more".formatted(found.path("files").asInt() - files.size()));
      }
    }
    return 0;
  }

  @Command(description = "Compare two versions: files, columns, rows, and figures of columns.")
  int diff(
      @Parameters(paramLabel = "NAME", description = "Dataset name.") String name,
      @Parameters(
              paramLabel = "FROM",
              arity = "0..1",
              description = "A version (default: the one before).")
          @Nullable String from,
      @Parameters(
              paramLabel = "TO",
              arity = "0..1",
              defaultValue = "latest",
              description = "A version (default: ${DEFAULT-VALUE}).")
          String to,
      @Option(names = "--json", description = "The comparison as JSON.") boolean json) {
    var root = Objects.requireNonNull(millrace);
    try (var gateway = root.client()) {
      var diff =
          gateway.get(
              "/api/v1/datasets/%s/diff?to=%s%s"
                  .formatted(
                      GatewayClient.encode(name),
                      GatewayClient.encode(to),
                      from == null ? "" : "&from=" + GatewayClient.encode(from)));
      if (json) {
        root.terminal().line(diff.toString());
      } else {
        show(root.terminal(), name, diff);
      }
    }
    return 0;
  }

  private static void show(Terminal terminal, String name, JsonNode diff) {
    terminal.line(
        "%s %d -> %d: %s"
            .formatted(
                name,
                diff.path("from").asInt(),
                diff.path("to").asInt(),
                diff.path("identical").asBoolean()
                    ? "the same files"
                    : "%d rows -> %d rows, %d files unchanged"
                        .formatted(
                            diff.path("rows").path("from").asLong(),
                            diff.path("rows").path("to").asLong(),
                            diff.path("files").path("unchanged").asInt())));
    for (var file : diff.path("files").path("added")) {
      terminal.line("  + " + Story.text(file, "path"));
    }
    for (var file : diff.path("files").path("removed")) {
      terminal.line("  - " + Story.text(file, "path"));
    }
    for (var file : diff.path("files").path("changed")) {
      terminal.line(
          "  ~ %s (%s -> %s)"
              .formatted(
                  Story.text(file, "path"),
                  bytes(file.path("from").path("size").asLong()),
                  bytes(file.path("to").path("size").asLong())));
    }
    diff.path("columns")
        .path("added")
        .forEach(column -> terminal.line("  column added: " + column.asString()));
    diff.path("columns")
        .path("removed")
        .forEach(column -> terminal.line("  column removed: " + column.asString()));
    diff.path("columns")
        .path("changed")
        .properties()
        .forEach(
            column ->
                terminal.line(
                    "  column %s: %s -> %s"
                        .formatted(
                            column.getKey(),
                            column.getValue().path("from").asString(""),
                            column.getValue().path("to").asString(""))));
    List<List<@Nullable String>> rows = new ArrayList<>();
    for (var column : diff.path("profile")) {
      for (var figure : column.path("figures").properties()) {
        if (!figure.getValue().path("from").isContainer()) {
          rows.add(
              List.of(
                  Story.text(column, "column"),
                  figure.getKey(),
                  figure.getValue().path("from").asString(""),
                  figure.getValue().path("to").asString("")));
        }
      }
    }
    if (!rows.isEmpty()) {
      terminal.line("");
      terminal.table(2, List.of("column", "figure", "from", "to"), rows);
    }
  }

  @Command(
      description =
          "Read every stored byte of a version again; with a folder, compare its files with the version.")
  int verify(
      @Parameters(paramLabel = "NAME", description = "Dataset name.") String name,
      @Parameters(
              paramLabel = "FOLDER",
              arity = "0..1",
              description = "Files here to compare with the version, instead of the stored ones.")
          @Nullable Path folder,
      @Option(
              names = "--version",
              paramLabel = "N",
              defaultValue = "latest",
              description = "Which (default: ${DEFAULT-VALUE}).")
          String version,
      @Option(
              names = "--parallel",
              paramLabel = "N",
              defaultValue = "8",
              description = "Files hashed at a time (default: ${DEFAULT-VALUE}).")
          int parallel,
      @Option(names = "--json", description = "The result as JSON.") boolean json) {
    var root = Objects.requireNonNull(millrace);
    try (var gateway = root.client()) {
      if (folder == null) {
        var result = gateway.postForLong(at(name, version) + "/verify", Map.of(), Map.of());
        if (json) {
          root.terminal().line(result.toString());
        } else {
          root.terminal()
              .line(
                  "%s version %d: %d files, %s, %s"
                      .formatted(
                          name,
                          result.path("version").asInt(),
                          result.path("files").asInt(),
                          bytes(result.path("bytes").asLong()),
                          result.path("intact").asBoolean()
                              ? "every byte is the one stored"
                              : result.path("damaged").size() + " damaged:"));
          result
              .path("damaged")
              .forEach(
                  file ->
                      root.terminal()
                          .line(
                              "  %s: %s"
                                  .formatted(
                                      Story.text(file, "path"), Story.text(file, "message"))));
        }
        return result.path("intact").asBoolean() ? 0 : CliFailure.FAILED;
      }
      return verifyFolder(root, gateway, name, version, folder, checked(parallel), json);
    }
  }

  private static int verifyFolder(
      Millrace root,
      GatewayClient gateway,
      String name,
      String version,
      Path folder,
      int parallel,
      boolean json) {
    var found = gateway.get(at(name, version));
    var transfer = new DatasetTransfer(gateway, quiet(root.terminal(), json), parallel);
    var local = LocalFiles.below(folder);
    var here = new HashMap<String, String>();
    try (var progress = new TransferProgress(quiet(root.terminal(), json), "hash", 0)) {
      LocalFiles.hashed(folder, local, parallel, progress)
          .forEach(file -> here.put(file.path(), file.sha256()));
    }
    var remote = transfer.files(at(name, found.path("version").asString()) + "/files");
    var single = remote.size() == 1 && Files.isRegularFile(folder) && here.size() == 1;
    var missing = new TreeSet<String>();
    var changed = new TreeSet<String>();
    for (var file : remote) {
      var digest = single ? here.values().iterator().next() : here.get(file.path());
      if (digest == null) {
        missing.add(file.path());
      } else if (!digest.equals(file.sha256())) {
        changed.add(file.path());
      }
      here.remove(file.path());
    }
    var extra = single ? new TreeSet<String>() : new TreeSet<>(here.keySet());
    var same = missing.isEmpty() && changed.isEmpty() && extra.isEmpty();
    if (json) {
      var said = new LinkedHashMap<String, Object>();
      said.put("name", name);
      said.put("version", found.path("version").asInt());
      said.put("same", same);
      said.put("missing", missing);
      said.put("changed", changed);
      said.put("extra", extra);
      root.terminal().line(GatewayClient.JSON.writeValueAsString(said));
    } else {
      root.terminal()
          .line(
              "%s version %d and %s: %s"
                  .formatted(
                      name,
                      found.path("version").asInt(),
                      folder,
                      same
                          ? "the same " + remote.size() + " files"
                          : "%d missing, %d changed, %d extra"
                              .formatted(missing.size(), changed.size(), extra.size())));
      missing.forEach(path -> root.terminal().line("  - " + path));
      changed.forEach(path -> root.terminal().line("  ~ " + path));
      extra.forEach(path -> root.terminal().line("  + " + path));
    }
    return same ? 0 : CliFailure.FAILED;
  }

  private static String at(String name, String version) {
    return "/api/v1/datasets/"
        + GatewayClient.encode(name)
        + "/versions/"
        + GatewayClient.encode(version);
  }

  private static int checked(int parallel) {
    if (parallel < 1 || parallel > MOST_PARALLEL) {
      throw new CliFailure("--parallel is %d, not 1 to %d.".formatted(parallel, MOST_PARALLEL));
    }
    return parallel;
  }

  /** Where the output is JSON, nothing else is in it. */
  private static Terminal quiet(Terminal terminal, boolean json) {
    return json
        ? new Terminal(
            new java.io.PrintStream(java.io.OutputStream.nullOutputStream(), false), false)
        : terminal;
  }

  static String bytes(long bytes) {
    if (bytes < 1000) {
      return bytes + " B";
    }
    var value = (double) bytes;
    var unit = -1;
    while (value >= 999.95) {
      value /= 1000;
      unit++;
    }
    return String.format(java.util.Locale.ROOT, "%.1f %cB", value, "kMGTPE".charAt(unit));
  }

  static String describe(JsonNode version) {
    return "dataset   %s version %d, %d rows, sha256 %.12s…%s"
        .formatted(
            Story.text(version, "name"),
            version.path("version").asInt(),
            version.path("rows").asLong(),
            Story.text(version, "digest"),
            version.path("created").asBoolean() ? "" : " (stored before)");
  }
}
