package io.millrace.cli;

import java.net.URI;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The `millrace` command. */
@Command(
    name = "millrace",
    description = "On-premises MLOps: data in, a served and monitored model out.",
    mixinStandardHelpOptions = true,
    version = "millrace 0.1.0",
    scope = ScopeType.INHERIT,
    subcommands = {
      RunCommand.class,
      SubmitCommand.class,
      FlowCommand.class,
      EventsCommand.class,
      PredictCommand.class,
      StatusCommand.class,
      DoctorCommand.class,
      DownCommand.class,
      InitCommand.class,
      DatasetsCommand.class,
      ModelsCommand.class,
      LineageCommand.class,
      ApprovalsCommand.class,
      RollbackCommand.class,
      DeadLettersCommand.class,
      RetentionCommand.class,
      ImportCommand.class,
      ExportCommand.class,
      WebhooksCommand.class,
    })
public final class Millrace implements Runnable {

  @Option(
      names = "--gateway",
      paramLabel = "URI",
      scope = ScopeType.INHERIT,
      description =
          "The gateway's address; else MILLRACE_GATEWAY, else the platform of MILLRACE_HOME, else http://127.0.0.1:8080.")
  @Nullable URI gateway;

  @Spec @Nullable CommandSpec spec;

  private final PlatformFolder folder;
  private final Terminal terminal;

  public Millrace() {
    this(PlatformFolder.fromEnvironment(), Terminal.standard());
  }

  Millrace(PlatformFolder folder, Terminal terminal) {
    this.folder = folder;
    this.terminal = terminal;
  }

  Terminal terminal() {
    return terminal;
  }

  PlatformFolder folder() {
    return folder;
  }

  GatewayClient client() {
    return new GatewayClient(address());
  }

  /** Where the gateway is. */
  URI address() {
    if (gateway != null) {
      return gateway;
    }
    var named = System.getenv("MILLRACE_GATEWAY");
    if (named != null && !named.isBlank()) {
      return URI.create(named);
    }
    return folder
        .running()
        .map(PlatformFolder.Running::gateway)
        .orElse(URI.create("http://127.0.0.1:8080"));
  }

  @Override
  public void run() {
    if (spec != null) {
      spec.commandLine().usage(System.out);
    }
  }

  /**
   * Runs one command line; the result is the process's exit status: 0 done, 1 failed, 2 misused, 3
   * unreachable, 4 refused for changes that are not committed.
   */
  public static int execute(String... args) {
    return commandLine(new Millrace()).execute(args);
  }

  static CommandLine commandLine(Millrace root) {
    return withErrorHandling(new CommandLine(root));
  }

  /**
   * Lets failures speak to the person at the terminal: a sentence and an exit status, no stack
   * trace.
   */
  public static CommandLine withErrorHandling(CommandLine commandLine) {
    commandLine.setExecutionExceptionHandler(
        (failure, command, parsed) -> {
          if (failure instanceof CliFailure known) {
            command.getErr().println(known.getMessage());
            return known.exitStatus();
          }
          command.getErr().println("millrace failed unexpectedly: " + failure);
          failure.printStackTrace(command.getErr());
          return CliFailure.FAILED;
        });
    commandLine.setParameterExceptionHandler(
        (ParameterException failure, String[] args) -> {
          var command = failure.getCommandLine();
          command.getErr().println(failure.getMessage());
          command
              .getErr()
              .println("See `./" + command.getCommandSpec().qualifiedName() + " --help`.");
          return 2;
        });
    return commandLine;
  }

  public static void main(String[] args) {
    System.exit(execute(args));
  }
}
