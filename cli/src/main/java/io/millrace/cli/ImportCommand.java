package io.millrace.cli;

import io.millrace.cli.porting.Credentials;
import java.net.URI;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Brings experiments, runs, artifacts and models into the platform. */
@Command(
    name = "import",
    description =
        "Copy experiments, runs, artifacts and models from an MLflow server or an export.")
final class ImportCommand implements Runnable {

  @ParentCommand @Nullable Millrace millrace;
  @Spec @Nullable CommandSpec spec;

  @Override
  public void run() {
    throw new CommandLine.ParameterException(
        Objects.requireNonNull(spec).commandLine(), "Import what? `mlflow` or `dir`.");
  }

  @Command(
      description =
          "Copy from a running server; again to go on or to follow it. MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, say who asks.")
  int mlflow(
      @Option(
              names = "--from",
              required = true,
              paramLabel = "URI",
              description = "Its address, for example http://mlflow:5000.")
          URI from,
      @Option(
              names = "--state",
              paramLabel = "FILE",
              description = "Where the id map is kept (default: MILLRACE_HOME/imports).")
          @Nullable Path state,
      @Option(names = "--dry-run", description = "Only count what is there.") boolean dryRun,
      @Mixin PortingOptions options) {
    var root = Objects.requireNonNull(millrace);
    if (from.getAuthority() != null && from.getAuthority().equals(root.address().getAuthority())) {
      throw new CliFailure(
          "%s is this platform itself: everything in it would be there twice. Name another one with --from, or where to import to with --gateway."
              .formatted(from));
    }
    var credentials = Credentials.of(from, System.getenv());
    return options.tell(
        root.terminal(),
        dryRun,
        () -> {
          var porting = options.porting(root.terminal());
          return dryRun
              ? porting.count(from, credentials)
              : porting.serverToServer(from, credentials, root.address(), state, states(root));
        });
  }

  @Command(description = "Copy from a directory that `millrace export` wrote.")
  int dir(
      @Parameters(paramLabel = "DIR", description = "The directory.") Path directory,
      @Option(
              names = "--state",
              paramLabel = "FILE",
              description = "Where the id map is kept (default: MILLRACE_HOME/imports).")
          @Nullable Path state,
      @Option(names = "--dry-run", description = "Only count what is there.") boolean dryRun,
      @Option(names = "--verify", description = "Only check every file's SHA-256.") boolean verify,
      @Mixin PortingOptions options) {
    var root = Objects.requireNonNull(millrace);
    if (verify) {
      return PortingOptions.check(root.terminal(), directory);
    }
    return options.tell(
        root.terminal(),
        dryRun,
        () -> {
          var porting = options.porting(root.terminal());
          return dryRun
              ? porting.count(directory)
              : porting.directoryToServer(directory, root.address(), state, states(root));
        });
  }

  private static Path states(Millrace root) {
    return root.folder().path().resolve("imports");
  }
}
