package io.millrace.cli;

import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Stores files as a version of a dataset. */
@Command(
    name = "push",
    description =
        "Store a file, or a folder with all its files, as a version. Only bytes that are not stored yet are sent; a broken push goes on where it stopped.")
final class DatasetPushCommand implements Callable<Integer> {

  @ParentCommand @Nullable DatasetsCommand datasets;

  @Parameters(index = "0", paramLabel = "NAME", description = "Dataset name.")
  String name = "";

  @Parameters(index = "1", paramLabel = "PATH", description = "The file or folder.")
  Path path = Path.of("");

  @Mixin ParallelOption parallel = new ParallelOption();

  @Option(names = "--by", paramLabel = "NAME", description = "Who stores it.")
  String by = System.getProperty("user.name", "unknown");

  @Option(names = "--json", description = "The version as JSON.")
  boolean json;

  @Override
  public Integer call() {
    var root = Objects.requireNonNull(datasets).root();
    try (var gateway = root.client()) {
      var pushed =
          new DatasetTransfer(
                  gateway, DatasetsCommand.quiet(root.terminal(), json), parallel.checked())
              .push(name, path, by);
      if (json) {
        root.terminal().line(pushed.version().toString());
      } else {
        root.terminal().line(DatasetsCommand.describe(pushed.version()));
        root.terminal()
            .line(
                "          %s sent (%s), %d there before"
                    .formatted(
                        DatasetsCommand.files(pushed.moved().files()),
                        DatasetsCommand.bytes(pushed.moved().bytes()),
                        pushed.moved().unchanged()));
      }
    }
    return 0;
  }
}
