package io.millrace.trainers;

import io.millrace.trainers.RunFailure.Reason;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The program a training-worker starts once per run. Its contract is its environment, its exit code
 * and its output directory.
 *
 * <table>
 * <caption>Environment</caption>
 * <tr><td>{@code MLFLOW_TRACKING_URI}</td><td>where metrics and params go</td></tr>
 * <tr><td>{@code MLFLOW_RUN_ID}</td><td>the run they belong to; the job's {@code runId} where absent</td></tr>
 * <tr><td>{@code MILLRACE_JOB}</td><td>a JSON file, see {@link Job}</td></tr>
 * <tr><td>{@code MILLRACE_DATASET}</td><td>the CSV file</td></tr>
 * <tr><td>{@code MILLRACE_OUTPUT}</td><td>a directory; {@code result.json} is always written,
 *     {@code data-checks.json} once they ran, {@code model/} where the run succeeded</td></tr>
 * <tr><td>{@code MILLRACE_ATTEMPT}</td><td>optional: sent as header {@code Millrace-Attempt}</td></tr>
 * <tr><td>{@code MILLRACE_PARENT_PID}</td><td>optional: the program ends when that process does</td></tr>
 * </table>
 *
 * <p>Exit codes: 0 succeeded; 1 crashed; 2 the job or its parameters are wrong; 3 the data cannot
 * be read or failed its checks; 4 the ONNX graph differs from the trained model; 5 out of memory; 6
 * tracking refused the run's metrics; 143 stopped by SIGTERM.
 */
public final class Trainer {
  private static final long STOP_SECONDS = 10;

  private Trainer() {}

  public static void main(String[] args) {
    System.setProperty("slf4j.internal.verbosity", "ERROR");
    ParentWatch.start(System.getenv("MILLRACE_PARENT_PID"));
    AtomicBoolean cancelled = new AtomicBoolean();
    CountDownLatch ended = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform()
                .unstarted(
                    () -> {
                      cancelled.set(true);
                      await(ended);
                    }));
    int code;
    try {
      code = run(System.getenv(), cancelled);
    } finally {
      ended.countDown();
    }
    // Not exit(): its hook would wait for us where a signal is stopping the program already.
    if (!cancelled.get()) {
      System.exit(code);
    }
  }

  /** Runs with that environment and gives the exit code. */
  static int run(Map<String, String> environment, AtomicBoolean cancelled) {
    String output = environment.get("MILLRACE_OUTPUT");
    if (output == null) {
      System.err.println("MILLRACE_OUTPUT is not set; it names the directory for the results");
      return Reason.INVALID_JOB.exitCode();
    }
    RunResult result;
    Reason reason = null;
    try {
      result = execute(environment, Path.of(output), cancelled);
    } catch (RunFailure e) {
      reason = e.reason();
      result = RunResult.failed(reason, String.valueOf(e.getMessage()));
    } catch (OutOfMemoryError e) {
      reason = Reason.OUT_OF_MEMORY;
      result =
          RunResult.failed(
              reason,
              "out of memory (%s); give the run more with train.resources.memory"
                  .formatted(e.getMessage()));
    } catch (Exception | LinkageError e) {
      reason = cancelled.get() ? Reason.CANCELLED : Reason.CRASHED;
      e.printStackTrace();
      result = RunResult.failed(reason, e.toString());
    }
    result.write(Path.of(output));
    (reason == null ? System.out : System.err).println(result.status() + ": " + result.message());
    return reason == null ? 0 : reason.exitCode();
  }

  private static RunResult execute(
      Map<String, String> environment, Path output, AtomicBoolean cancelled) throws Exception {
    Job job = Job.read(Path.of(required(environment, "MILLRACE_JOB")));
    Path dataset = Path.of(required(environment, "MILLRACE_DATASET"));
    URI tracking = URI.create(required(environment, "MLFLOW_TRACKING_URI"));
    String runId = environment.getOrDefault("MLFLOW_RUN_ID", job.runId());
    try (RunLog log = new RunLog(tracking, runId, environment.get("MILLRACE_ATTEMPT"))) {
      return new Run(job, dataset, output, log, cancelled).execute();
    }
  }

  private static String required(Map<String, String> environment, String name) {
    @Nullable String value = environment.get(name);
    if (value == null || value.isBlank()) {
      throw RunFailure.invalidJob("the environment variable " + name + " is not set");
    }
    return value;
  }

  private static void await(CountDownLatch ended) {
    try {
      if (!ended.await(STOP_SECONDS, TimeUnit.SECONDS)) {
        System.err.println("the training did not stop in time and is broken off");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
