package io.millrace.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Fetches the files of a version. */
@Command(
    name = "pull",
    description =
        "Fetch the files of a version. Files that are there already stay; a broken pull goes on where it stopped; a file gets its name when its digest is right.")
final class DatasetPullCommand implements Callable<Integer> {

  @ParentCommand @Nullable DatasetsCommand datasets;

  @Parameters(index = "0", paramLabel = "NAME", description = "Dataset name.")
  String name = "";

  @Parameters(
      index = "1",
      paramLabel = "FOLDER",
      arity = "0..1",
      description = "Where to (default: a folder of the dataset's name).")
  @Nullable Path folder;

  @Mixin VersionOption version = new VersionOption();

  @Mixin ParallelOption parallel = new ParallelOption();

  @Option(names = "--json", description = "What was fetched, as JSON.")
  boolean json;

  @Override
  public Integer call() {
    var root = Objects.requireNonNull(datasets).root();
    try (var gateway = root.client()) {
      var found = gateway.get(version.path(name));
      var into = folder == null ? Path.of(name) : folder;
      var moved =
          new DatasetTransfer(
                  gateway, DatasetsCommand.quiet(root.terminal(), json), parallel.checked())
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
                "%s version %d in %s: %s fetched (%s), %d there before"
                    .formatted(
                        name,
                        found.path("version").asInt(),
                        into,
                        DatasetsCommand.files(moved.files()),
                        DatasetsCommand.bytes(moved.bytes()),
                        moved.unchanged()));
      }
    }
    return 0;
  }
}
