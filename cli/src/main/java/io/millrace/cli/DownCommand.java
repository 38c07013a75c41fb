package io.millrace.cli;

import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Stops the standalone platform of this folder. */
@Command(name = "down", description = "Stop the standalone platform; its data stays.")
final class DownCommand implements Callable<Integer> {

  @ParentCommand @Nullable Millrace millrace;

  @Option(
      names = "--wait",
      paramLabel = "SECONDS",
      description = "How long to wait (default: ${DEFAULT-VALUE}).")
  long seconds = 30;

  @Override
  public Integer call() throws InterruptedException, ExecutionException {
    var root = Objects.requireNonNull(millrace);
    var running = root.folder().running();
    if (running.isEmpty()) {
      root.terminal().line("Nothing runs on " + root.folder().path() + ".");
      return 0;
    }
    var process = ProcessHandle.of(running.get().pid()).orElseThrow();
    process.destroy();
    try {
      process.onExit().get(seconds, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new CliFailure(
          "Process %d did not stop within %d s; its log is %s."
              .formatted(process.pid(), seconds, root.folder().log()));
    }
    root.terminal().line("Stopped. The data is kept in " + root.folder().path() + ".");
    return 0;
  }
}
