package io.millrace.cli;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import tools.jackson.databind.JsonNode;

/** Checks the bytes of a version. */
@Command(
    name = "verify",
    description =
        "Read every stored byte of a version again; with a folder, compare its files with the version.")
final class DatasetVerifyCommand implements Callable<Integer> {

  @ParentCommand @Nullable DatasetsCommand datasets;

  @Parameters(index = "0", paramLabel = "NAME", description = "Dataset name.")
  String name = "";

  @Parameters(
      index = "1",
      paramLabel = "FOLDER",
      arity = "0..1",
      description = "Files here to compare with the version, instead of the stored ones.")
  @Nullable Path folder;

  @Mixin VersionOption version = new VersionOption();

  @Mixin ParallelOption parallel = new ParallelOption();

  @Option(names = "--json", description = "The result as JSON.")
  boolean json;

  @Override
  public Integer call() {
    var root = Objects.requireNonNull(datasets).root();
    try (var gateway = root.client()) {
      if (folder == null) {
        var result = gateway.postForLong(version.path(name) + "/verify", Map.of(), Map.of());
        if (json) {
          root.terminal().line(result.toString());
        } else {
          tell(root.terminal(), result);
        }
        return result.path("intact").asBoolean() ? 0 : CliFailure.FAILED;
      }
      return compare(root, gateway, folder);
    }
  }

  private void tell(Terminal terminal, JsonNode result) {
    terminal.line(
        "%s version %d: %s, %s, %s"
            .formatted(
                name,
                result.path("version").asInt(),
                DatasetsCommand.files(result.path("files").asInt()),
                DatasetsCommand.bytes(result.path("bytes").asLong()),
                result.path("intact").asBoolean()
                    ? "every byte is the one stored"
                    : result.path("damaged").size() + " damaged:"));
    for (var file : result.path("damaged")) {
      terminal.line("  %s: %s".formatted(Story.text(file, "path"), Story.text(file, "message")));
    }
  }

  private int compare(Millrace root, GatewayClient gateway, Path folder) {
    var found = gateway.get(version.path(name));
    var transfer =
        new DatasetTransfer(
            gateway, DatasetsCommand.quiet(root.terminal(), json), parallel.checked());
    var local = LocalFiles.below(folder);
    var here = new HashMap<String, String>();
    try (var progress =
        new TransferProgress(DatasetsCommand.quiet(root.terminal(), json), "hash", 0)) {
      LocalFiles.hashed(folder, local, parallel.checked(), progress)
          .forEach(file -> here.put(file.path(), file.sha256()));
    }
    var remote =
        transfer.files(DatasetsCommand.at(name, found.path("version").asString()) + "/files");
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
                          ? "the same " + DatasetsCommand.files(remote.size())
                          : "%d missing, %d changed, %d extra"
                              .formatted(missing.size(), changed.size(), extra.size())));
      missing.forEach(path -> root.terminal().line("  - " + path));
      changed.forEach(path -> root.terminal().line("  ~ " + path));
      extra.forEach(path -> root.terminal().line("  + " + path));
    }
    return same ? 0 : CliFailure.FAILED;
  }
}
