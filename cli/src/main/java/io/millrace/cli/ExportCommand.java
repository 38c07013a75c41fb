package io.millrace.cli;

import io.millrace.cli.porting.Credentials;
import java.net.URI;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Writes experiments, runs, artifacts and models to a directory of plain files. */
@Command(
    name = "export",
    description = "Write experiments, runs, artifacts and models to a directory.")
final class ExportCommand implements Callable<Integer> {

  @ParentCommand @Nullable Millrace millrace;

  @Option(
      names = "--to",
      required = true,
      paramLabel = "DIR",
      description = "The directory; the same again to go on or to bring it up to date.")
  @Nullable Path directory;

  @Option(
      names = "--from",
      paramLabel = "URI",
      description = "Another server of MLflow's API than the platform.")
  @Nullable URI from;

  @Option(names = "--verify", description = "Only check the SHA-256 of everything in it.")
  boolean verify;

  @Mixin PortingOptions options = new PortingOptions();

  @Override
  public Integer call() {
    var root = Objects.requireNonNull(millrace);
    var to = Objects.requireNonNull(directory);
    if (verify) {
      return PortingOptions.check(root.terminal(), to);
    }
    var server = from == null ? root.address() : from;
    var credentials = from == null ? Credentials.NONE : Credentials.of(server, System.getenv());
    return options.tell(
        root.terminal(),
        false,
        () -> options.porting(root.terminal()).serverToDirectory(server, credentials, to));
  }
}
