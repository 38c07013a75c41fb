package io.millrace.tracking.intake;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.millrace.changes.Change;
import io.millrace.database.Database;
import io.millrace.database.Tx;
import io.millrace.pipeline.Pipeline;
import io.millrace.tracking.experiments.Experiment;
import io.millrace.tracking.experiments.Experiments;
import io.millrace.tracking.experiments.LifecycleStage;
import io.millrace.tracking.experiments.Tag;
import io.millrace.tracking.intake.Resolution.Refused;
import io.millrace.tracking.intake.Resolution.Resolved;
import io.millrace.tracking.mlflow.Names;
import io.millrace.tracking.runs.DatasetInput;
import io.millrace.tracking.runs.Run;
import io.millrace.tracking.runs.RunId;
import io.millrace.tracking.runs.RunLimits;
import io.millrace.tracking.runs.RunNames;
import io.millrace.tracking.runs.RunStatus;
import io.millrace.tracking.runs.Runs;
import io.millrace.tracking.work.DatasetVersion;
import io.millrace.tracking.work.NewJob;
import io.millrace.tracking.work.Work;
import java.time.Clock;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Decides on each training request once: a run that is queued, or a rejection with every reason.
 */
@Component
public class Intake {

  private static final int LONGEST_NAME = 200;

  /** MLflow's limit on a dataset's digest. */
  private static final int DIGEST_SHOWN = 32;

  private final Database database;
  private final Resolver resolver;
  private final Requests requests;
  private final Experiments experiments;
  private final Runs runs;
  private final Work work;
  private final IntakeEvents events;
  private final Clock clock;
  private final MeterRegistry meters;

  Intake(
      Database database,
      Resolver resolver,
      Requests requests,
      Experiments experiments,
      Runs runs,
      Work work,
      IntakeEvents events,
      Clock clock,
      MeterRegistry meters) {
    this.database = database;
    this.resolver = resolver;
    this.requests = requests;
    this.experiments = experiments;
    this.runs = runs;
    this.work = work;
    this.events = events;
    this.clock = clock;
    this.meters = meters;
  }

  /**
   * Decides on a request, unless that was done before.
   *
   * @param firstTime in the deciding transaction, whether its record was not applied yet
   * @throws io.millrace.messaging.RetryableFailure where artifact-service does not answer just now
   */
  void decide(TrainRequest request, Predicate<Tx> firstTime) {
    if (database.read(tx -> requests.decided(tx, request.id()))) {
      return;
    }
    Timer.Sample sample = Timer.start(meters);
    Resolution resolution = resolver.resolve(request);
    boolean decided =
        database.inTransaction(
            tx ->
                firstTime.test(tx)
                    && switch (resolution) {
                      case Resolved resolved -> accept(tx, request, resolved);
                      case Refused refused ->
                          reject(
                              tx,
                              request.id(),
                              refused.pipelineName(),
                              request.requestedBy(),
                              refused.reasons());
                    });
    if (decided) {
      String outcome = resolution instanceof Resolved ? "accepted" : "rejected";
      sample.stop(meters.timer("millrace.intake.duration", "outcome", outcome));
    }
  }

  /**
   * Rejects a request that could not even be read.
   *
   * @param given the id it gives, as far as it could be read; may be empty
   * @param commandId what else identifies it
   */
  public void refuse(String given, String commandId, Reason reason) {
    RequestId id = RequestId.of(given, commandId);
    database.inTransactionVoid(tx -> reject(tx, id, null, TrainRequest.NOBODY, List.of(reason)));
  }

  /** The id under which a request that could not be read is rejected. */
  public static String requestId(String given, String commandId) {
    return RequestId.of(given, commandId).value();
  }

  private boolean reject(
      Tx tx, RequestId id, @Nullable String pipeline, String requestedBy, List<Reason> reasons) {
    String name = pipeline == null ? null : Names.truncated(pipeline, LONGEST_NAME);
    boolean first = requests.reject(tx, id, name, requestedBy, reasons);
    if (first) {
      events.rejected(tx, id, name, requestedBy, reasons);
    }
    return first;
  }

  private boolean accept(Tx tx, TrainRequest request, Resolved resolved) {
    Pipeline pipeline = resolved.pipeline();
    Experiment experiment =
        experiments.named(tx, pipeline.name(), new Change(request.requestedBy(), null));
    if (!requests.accept(
        tx, request.id(), pipeline.name(), request.requestedBy(), experiment.id())) {
      return false;
    }
    RunId id = RunId.random();
    runs.create(
        tx,
        new Run(
            id,
            experiment.id(),
            RunNames.random(),
            request.requestedBy(),
            RunStatus.SCHEDULED,
            clock.millis(),
            null,
            experiment.artifactUri(id.value()),
            LifecycleStage.ACTIVE,
            request.id().value()),
        tags(request, resolved));
    runs.addParams(tx, id, params(resolved));
    runs.addInput(tx, id, input(resolved));
    events.accepted(tx, request, resolved, experiment.id(), List.of(id));
    work.queue(
        tx,
        new NewJob(
            id,
            experiment.id(),
            request.id().value(),
            pipeline,
            resolved.dataset(),
            request.requestedBy()));
    return true;
  }

  private static SortedMap<String, String> tags(TrainRequest request, Resolved resolved) {
    SortedMap<String, String> tags = new TreeMap<>();
    tags.put("mlflow.source.name", resolved.pipeline().name());
    tags.put("mlflow.source.type", "JOB");
    if (request.code() != null) {
      tags.putAll(request.code().tags());
    }
    tags.put("mlflow.user", request.requestedBy());
    tags.put("millrace.request_id", request.id().value());
    tags.put("millrace.pipeline", resolved.pipeline().name());
    if (resolved.pipelineVersion() > 0) {
      tags.put("millrace.pipeline_version", Integer.toString(resolved.pipelineVersion()));
    }
    return tags;
  }

  private static SortedMap<String, String> params(Resolved resolved) {
    Pipeline.Train train = resolved.pipeline().train();
    SortedMap<String, String> params = new TreeMap<>();
    train
        .params()
        .forEach((key, value) -> params.put(key, Names.truncated(value, RunLimits.LONGEST_PARAM)));
    params.put("trainer", train.trainer());
    params.put("seed", Long.toString(train.seed()));
    params.put("target", resolved.pipeline().dataset().target());
    params.put("dataset", resolved.dataset().name() + "/" + resolved.dataset().version());
    return params;
  }

  private static DatasetInput input(Resolved resolved) {
    DatasetVersion dataset = resolved.dataset();
    return new DatasetInput(
        dataset.name(),
        Names.truncated(dataset.digest(), DIGEST_SHOWN),
        "millrace",
        "{\"uri\":\"%s\",\"version\":%d,\"digest\":\"%s\"}"
            .formatted(dataset.uri(), dataset.version(), dataset.digest()),
        resolved.schema(),
        "{\"num_rows\":%d}".formatted(resolved.rows()),
        List.of(new Tag("mlflow.data.context", "training")));
  }
}
