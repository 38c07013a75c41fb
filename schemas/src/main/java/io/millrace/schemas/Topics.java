package io.millrace.schemas;

import io.millrace.events.ApprovalAnswered;
import io.millrace.events.ApprovalRequested;
import io.millrace.events.ApprovalWithdrawn;
import io.millrace.events.ArtifactDeleted;
import io.millrace.events.ArtifactStored;
import io.millrace.events.DataValidated;
import io.millrace.events.DatasetRejected;
import io.millrace.events.DatasetVersionCreated;
import io.millrace.events.DatasetVersionDeleted;
import io.millrace.events.DeploymentFailed;
import io.millrace.events.DesiredState;
import io.millrace.events.DriftDetected;
import io.millrace.events.DriftResolved;
import io.millrace.events.EvaluationFailed;
import io.millrace.events.EvaluationRequested;
import io.millrace.events.ExperimentCreated;
import io.millrace.events.ExperimentDeleted;
import io.millrace.events.ExperimentPurged;
import io.millrace.events.ExperimentRenamed;
import io.millrace.events.ExperimentRestored;
import io.millrace.events.ExperimentTagChanged;
import io.millrace.events.InputsLogged;
import io.millrace.events.LoggedModelCreated;
import io.millrace.events.LoggedModelDeleted;
import io.millrace.events.LoggedModelMetricsLogged;
import io.millrace.events.LoggedModelParamsLogged;
import io.millrace.events.LoggedModelPurged;
import io.millrace.events.LoggedModelTagsChanged;
import io.millrace.events.LoggedModelUpdated;
import io.millrace.events.MetricsLogged;
import io.millrace.events.ModelAliasChanged;
import io.millrace.events.ModelDeployed;
import io.millrace.events.ModelEvaluated;
import io.millrace.events.ModelPromoted;
import io.millrace.events.ModelRejected;
import io.millrace.events.ModelStageChanged;
import io.millrace.events.ModelTrained;
import io.millrace.events.ModelVersionCreated;
import io.millrace.events.ModelVersionDeleted;
import io.millrace.events.ModelVersionTagChanged;
import io.millrace.events.ModelVersionUpdated;
import io.millrace.events.OutputsLogged;
import io.millrace.events.ParamsLogged;
import io.millrace.events.PipelineApplied;
import io.millrace.events.PredictionLogged;
import io.millrace.events.RegisteredModelCreated;
import io.millrace.events.RegisteredModelDeleted;
import io.millrace.events.RegisteredModelRenamed;
import io.millrace.events.RegisteredModelTagChanged;
import io.millrace.events.RegisteredModelUpdated;
import io.millrace.events.RunCancelRequested;
import io.millrace.events.RunCreated;
import io.millrace.events.RunDeleted;
import io.millrace.events.RunEnded;
import io.millrace.events.RunPurged;
import io.millrace.events.RunQueued;
import io.millrace.events.RunRecovered;
import io.millrace.events.RunRestored;
import io.millrace.events.RunStarted;
import io.millrace.events.RunTagsChanged;
import io.millrace.events.RunUpdated;
import io.millrace.events.TrainAccepted;
import io.millrace.events.TrainRequested;
import io.millrace.events.TrainingFailed;
import io.millrace.events.TrainingRejected;
import io.millrace.events.WebhookCreated;
import io.millrace.events.WebhookDeleted;
import io.millrace.events.WebhookDisabled;
import io.millrace.events.WebhookUpdated;
import io.millrace.schemas.Topic.Kind;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The topic catalogue: every topic of the platform, declared here and nowhere else. */
public final class Topics {

  /** Ends the name of the topic that takes another topic's dead letters. */
  public static final String DEAD_LETTER_SUFFIX = ".dlt";

  /**
   * Largest value of a record on a command topic that is read, in bytes. A larger one is refused
   * unread; its topic admits it, so that its sender is told why in the flow.
   */
  public static final int LARGEST_COMMAND = 256 << 10;

  private static final String TRACKING = "tracking-service";
  private static final String ARTIFACT = "artifact-service";
  private static final String TRAINING = "training-worker";
  private static final String EVALUATION = "evaluation-worker";
  private static final String DEPLOYMENT = "deployment-service";
  private static final String INFERENCE = "inference-service";
  private static final String MONITORING = "monitoring-service";

  public static final Topic TRAIN_REQUESTS =
      new Topic(
          "millrace.train-requests",
          "Requests to train a model, from any client.",
          "request id",
          3,
          Duration.ofDays(30),
          Kind.COMMAND,
          "anyone",
          List.of(TRACKING),
          true,
          List.of(TrainRequested.getClassSchema()),
          16 << 20);

  public static final Topic REQUESTS =
      new Topic(
          "millrace.requests",
          "What became of each training request.",
          "request id",
          3,
          Duration.ofDays(30),
          Kind.FACT,
          TRACKING,
          List.of(TRACKING),
          true,
          List.of(TrainAccepted.getClassSchema(), TrainingRejected.getClassSchema()));

  public static final Topic TRAINING_JOBS =
      new Topic(
          "millrace.training-jobs",
          "Runs waiting for a training worker.",
          "run id",
          3,
          Duration.ofDays(7),
          Kind.JOB,
          TRACKING,
          List.of(TRAINING, TRACKING),
          true,
          List.of(RunQueued.getClassSchema()));

  public static final Topic RUNS =
      new Topic(
          "millrace.runs",
          "The life of each run and of each logged model.",
          "run id, or id of the logged model",
          3,
          Duration.ofDays(30),
          Kind.FACT,
          TRACKING,
          List.of(TRACKING, ARTIFACT),
          true,
          List.of(
              RunStarted.getClassSchema(),
              DataValidated.getClassSchema(),
              ModelTrained.getClassSchema(),
              TrainingFailed.getClassSchema(),
              RunEnded.getClassSchema(),
              RunRecovered.getClassSchema(),
              RunPurged.getClassSchema(),
              LoggedModelPurged.getClassSchema(),
              RunCreated.getClassSchema(),
              RunUpdated.getClassSchema(),
              RunTagsChanged.getClassSchema(),
              ParamsLogged.getClassSchema(),
              InputsLogged.getClassSchema(),
              OutputsLogged.getClassSchema(),
              RunDeleted.getClassSchema(),
              RunRestored.getClassSchema(),
              LoggedModelCreated.getClassSchema(),
              LoggedModelUpdated.getClassSchema(),
              LoggedModelTagsChanged.getClassSchema(),
              LoggedModelParamsLogged.getClassSchema(),
              LoggedModelDeleted.getClassSchema(),
              LoggedModelMetricsLogged.getClassSchema(),
              RunCancelRequested.getClassSchema()));

  public static final Topic EXPERIMENTS =
      new Topic(
          "millrace.experiments",
          "What becomes of experiments.",
          "experiment id",
          1,
          Duration.ofDays(30),
          Kind.FACT,
          TRACKING,
          List.of(TRACKING),
          true,
          List.of(
              ExperimentCreated.getClassSchema(),
              ExperimentRenamed.getClassSchema(),
              ExperimentDeleted.getClassSchema(),
              ExperimentRestored.getClassSchema(),
              ExperimentTagChanged.getClassSchema(),
              ExperimentPurged.getClassSchema()));

  public static final Topic RUN_METRICS =
      new Topic(
          "millrace.run-metrics",
          "Metrics as they are logged.",
          "run id",
          3,
          Duration.ofDays(2),
          Kind.FACT,
          TRACKING,
          List.of(TRACKING),
          true,
          List.of(MetricsLogged.getClassSchema()));

  public static final Topic MODELS =
      new Topic(
          "millrace.models",
          "What becomes of registered models and their versions.",
          "model name",
          3,
          Duration.ofDays(30),
          Kind.FACT,
          TRACKING,
          List.of(DEPLOYMENT, TRACKING),
          true,
          List.of(
              ModelVersionCreated.getClassSchema(),
              RegisteredModelCreated.getClassSchema(),
              RegisteredModelUpdated.getClassSchema(),
              RegisteredModelRenamed.getClassSchema(),
              RegisteredModelDeleted.getClassSchema(),
              RegisteredModelTagChanged.getClassSchema(),
              ModelVersionUpdated.getClassSchema(),
              ModelVersionTagChanged.getClassSchema(),
              ModelStageChanged.getClassSchema(),
              ModelAliasChanged.getClassSchema(),
              ModelVersionDeleted.getClassSchema()));

  public static final Topic EVALUATION_JOBS =
      new Topic(
          "millrace.evaluation-jobs",
          "Model versions waiting for an evaluation worker.",
          "model name",
          3,
          Duration.ofDays(7),
          Kind.JOB,
          TRACKING,
          List.of(EVALUATION, TRACKING),
          true,
          List.of(EvaluationRequested.getClassSchema()));

  public static final Topic EVALUATIONS =
      new Topic(
          "millrace.evaluations",
          "Verdicts on model versions.",
          "model name",
          3,
          Duration.ofDays(30),
          Kind.FACT,
          EVALUATION,
          List.of(DEPLOYMENT, TRACKING),
          true,
          List.of(ModelEvaluated.getClassSchema(), EvaluationFailed.getClassSchema()));

  public static final Topic PROMOTIONS =
      new Topic(
          "millrace.promotions",
          "Decisions on what each environment serves.",
          "model name",
          3,
          Duration.ofDays(30),
          Kind.FACT,
          DEPLOYMENT,
          List.of(TRACKING),
          true,
          List.of(
              ApprovalRequested.getClassSchema(),
              ModelPromoted.getClassSchema(),
              ModelRejected.getClassSchema(),
              ApprovalAnswered.getClassSchema(),
              ApprovalWithdrawn.getClassSchema()));

  public static final Topic DESIRED_STATE =
      new Topic(
          "millrace.desired-state",
          "What each environment is to serve, newest per environment and model.",
          "environment/model name",
          1,
          null,
          Kind.FACT,
          DEPLOYMENT,
          List.of(INFERENCE, MONITORING),
          false,
          List.of(DesiredState.getClassSchema()));

  public static final Topic DEPLOYMENTS =
      new Topic(
          "millrace.deployments",
          "What each replica serves.",
          "environment/model name",
          3,
          Duration.ofDays(30),
          Kind.FACT,
          INFERENCE,
          List.of(DEPLOYMENT, TRACKING),
          true,
          List.of(ModelDeployed.getClassSchema(), DeploymentFailed.getClassSchema()));

  public static final Topic PREDICTIONS =
      new Topic(
          "millrace.predictions",
          "Scored rows with their inputs.",
          "prediction id",
          6,
          Duration.ofDays(3),
          Kind.FACT,
          INFERENCE,
          List.of(MONITORING),
          false,
          List.of(PredictionLogged.getClassSchema()));

  public static final Topic DRIFT =
      new Topic(
          "millrace.drift",
          "Alerts of the monitoring.",
          "environment/model name",
          3,
          Duration.ofDays(30),
          Kind.FACT,
          MONITORING,
          List.of(TRACKING),
          true,
          List.of(DriftDetected.getClassSchema(), DriftResolved.getClassSchema()));

  public static final Topic DATASETS =
      new Topic(
          "millrace.datasets",
          "Dataset versions that were stored or deleted, and tables that were refused.",
          "dataset name",
          3,
          Duration.ofDays(30),
          Kind.FACT,
          ARTIFACT,
          List.of(TRACKING),
          true,
          List.of(
              DatasetVersionCreated.getClassSchema(),
              DatasetRejected.getClassSchema(),
              DatasetVersionDeleted.getClassSchema()));

  /** Kept short: a run may store files by the thousand, and the newest of each is there to ask. */
  public static final Topic ARTIFACTS =
      new Topic(
          "millrace.artifacts",
          "Files that were stored and deleted through the artifact proxy.",
          "run id, or id of the logged model, else the first segment of the path",
          3,
          Duration.ofDays(7),
          Kind.FACT,
          ARTIFACT,
          List.of(TRACKING),
          true,
          List.of(ArtifactStored.getClassSchema(), ArtifactDeleted.getClassSchema()));

  public static final Topic PIPELINES =
      new Topic(
          "millrace.pipelines",
          "Pipeline files that were applied.",
          "pipeline name",
          1,
          Duration.ofDays(30),
          Kind.FACT,
          TRACKING,
          List.of(TRACKING),
          true,
          List.of(PipelineApplied.getClassSchema()));

  public static final Topic WEBHOOKS =
      new Topic(
          "millrace.webhooks",
          "What becomes of webhooks.",
          "webhook id",
          1,
          Duration.ofDays(30),
          Kind.FACT,
          TRACKING,
          List.of(TRACKING),
          true,
          List.of(
              WebhookDisabled.getClassSchema(),
              WebhookCreated.getClassSchema(),
              WebhookUpdated.getClassSchema(),
              WebhookDeleted.getClassSchema()));

  private static final List<Topic> ALL =
      List.of(
          TRAIN_REQUESTS,
          REQUESTS,
          TRAINING_JOBS,
          RUNS,
          RUN_METRICS,
          EXPERIMENTS,
          MODELS,
          EVALUATION_JOBS,
          EVALUATIONS,
          PROMOTIONS,
          DESIRED_STATE,
          DEPLOYMENTS,
          PREDICTIONS,
          DRIFT,
          DATASETS,
          ARTIFACTS,
          PIPELINES,
          WEBHOOKS);

  private Topics() {}

  /** Every topic, in the order of the journey. */
  public static List<Topic> all() {
    return ALL;
  }

  /** The topic of that name, if it is one of ours. */
  public static Optional<Topic> byName(String name) {
    return ALL.stream().filter(topic -> topic.name().equals(name)).findFirst();
  }
}
