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
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.avro.specific.SpecificRecord;

/**
 * Which event may follow which: an event appears in a flow only after one of those it may follow,
 * unless it may come first. Events with no cause in common may be interleaved in any order, and
 * each may be delivered more than once.
 */
public final class EventFlow {

  /**
   * Events nothing else has to come before: from a client, a person or a schedule.
   *
   * <p>What becomes of experiments, runs and logged models, and {@code ModelVersionCreated}, are
   * here because any MLflow client may log a run or register a model; {@code ModelPromoted} because
   * a person may promote or roll back; what becomes of files, registered models, datasets,
   * pipelines and webhooks because people and their clients see to it.
   */
  private static final Set<Class<? extends SpecificRecord>> FIRST =
      new LinkedHashSet<>(
          List.of(
              TrainRequested.class,
              DatasetVersionCreated.class,
              DatasetRejected.class,
              DatasetVersionDeleted.class,
              ArtifactStored.class,
              ArtifactDeleted.class,
              PipelineApplied.class,
              MetricsLogged.class,
              RunEnded.class,
              RunPurged.class,
              LoggedModelPurged.class,
              ExperimentCreated.class,
              ExperimentRenamed.class,
              ExperimentDeleted.class,
              ExperimentRestored.class,
              ExperimentTagChanged.class,
              ExperimentPurged.class,
              RunCreated.class,
              RunUpdated.class,
              RunTagsChanged.class,
              ParamsLogged.class,
              InputsLogged.class,
              OutputsLogged.class,
              RunDeleted.class,
              RunRestored.class,
              LoggedModelCreated.class,
              LoggedModelUpdated.class,
              LoggedModelTagsChanged.class,
              LoggedModelParamsLogged.class,
              LoggedModelDeleted.class,
              LoggedModelMetricsLogged.class,
              RunCancelRequested.class,
              ModelVersionCreated.class,
              ModelPromoted.class,
              RegisteredModelCreated.class,
              RegisteredModelUpdated.class,
              RegisteredModelRenamed.class,
              RegisteredModelDeleted.class,
              RegisteredModelTagChanged.class,
              ModelVersionUpdated.class,
              ModelVersionTagChanged.class,
              ModelStageChanged.class,
              ModelAliasChanged.class,
              ModelVersionDeleted.class,
              WebhookDisabled.class,
              WebhookCreated.class,
              WebhookUpdated.class,
              WebhookDeleted.class));

  private static final Map<Class<? extends SpecificRecord>, Set<Class<? extends SpecificRecord>>>
      TABLE = new LinkedHashMap<>();

  static {
    row(TrainRequested.class, TrainAccepted.class, TrainingRejected.class);
    row(TrainAccepted.class, RunQueued.class);
    row(TrainingRejected.class);
    row(RunQueued.class, RunStarted.class, TrainingFailed.class);
    row(RunCancelRequested.class, TrainingFailed.class);
    // A second RunStarted is the next attempt, after a worker was lost; a second RunQueued comes of
    // a worker that stops.
    row(
        RunStarted.class,
        RunCancelRequested.class,
        RunQueued.class,
        DataValidated.class,
        MetricsLogged.class,
        ModelTrained.class,
        TrainingFailed.class,
        RunStarted.class);
    row(
        DataValidated.class,
        RunQueued.class,
        MetricsLogged.class,
        ModelTrained.class,
        TrainingFailed.class,
        RunStarted.class);
    row(
        MetricsLogged.class,
        RunQueued.class,
        MetricsLogged.class,
        ModelTrained.class,
        TrainingFailed.class,
        RunStarted.class,
        RunEnded.class);
    row(ModelTrained.class, ModelVersionCreated.class);
    // A run that was given up, or ended, for its silence may have been slow only.
    row(TrainingFailed.class, RunRecovered.class);
    row(RunEnded.class, ModelVersionCreated.class, RunRecovered.class, RunPurged.class);
    row(
        RunRecovered.class,
        RunQueued.class,
        RunStarted.class,
        DataValidated.class,
        MetricsLogged.class,
        ModelTrained.class,
        TrainingFailed.class,
        RunEnded.class,
        ModelVersionCreated.class);
    row(RunPurged.class);
    row(
        ExperimentCreated.class,
        ExperimentTagChanged.class,
        ExperimentRenamed.class,
        ExperimentDeleted.class,
        RunCreated.class,
        LoggedModelCreated.class);
    row(ExperimentRenamed.class);
    row(ExperimentTagChanged.class);
    row(ExperimentDeleted.class, ExperimentRestored.class, ExperimentPurged.class);
    row(ExperimentRestored.class);
    row(ExperimentPurged.class);
    row(
        RunCreated.class,
        ParamsLogged.class,
        RunTagsChanged.class,
        InputsLogged.class,
        MetricsLogged.class,
        OutputsLogged.class,
        ArtifactStored.class,
        RunUpdated.class,
        RunEnded.class,
        RunDeleted.class);
    row(RunUpdated.class);
    row(RunTagsChanged.class);
    row(ParamsLogged.class);
    row(InputsLogged.class);
    row(OutputsLogged.class);
    row(RunDeleted.class, RunRestored.class, RunPurged.class);
    row(RunRestored.class);
    row(
        LoggedModelCreated.class,
        LoggedModelParamsLogged.class,
        LoggedModelTagsChanged.class,
        LoggedModelUpdated.class,
        LoggedModelMetricsLogged.class,
        ArtifactStored.class,
        OutputsLogged.class,
        LoggedModelDeleted.class);
    row(LoggedModelUpdated.class);
    row(LoggedModelTagsChanged.class);
    row(LoggedModelParamsLogged.class);
    row(LoggedModelMetricsLogged.class);
    row(LoggedModelDeleted.class, LoggedModelPurged.class);
    row(LoggedModelPurged.class);
    row(ModelVersionCreated.class, EvaluationRequested.class);
    row(EvaluationRequested.class, ModelEvaluated.class, EvaluationFailed.class);
    row(ModelEvaluated.class, ApprovalRequested.class, ModelPromoted.class, ModelRejected.class);
    row(EvaluationFailed.class);
    row(
        ApprovalRequested.class,
        ApprovalAnswered.class,
        ApprovalWithdrawn.class,
        ModelPromoted.class,
        ModelRejected.class);
    row(
        ApprovalAnswered.class,
        ApprovalAnswered.class,
        ApprovalWithdrawn.class,
        ModelPromoted.class,
        ModelRejected.class);
    row(ApprovalWithdrawn.class);
    // Of an older version nobody is asked any more.
    row(ModelPromoted.class, DesiredState.class, ApprovalWithdrawn.class);
    row(ModelRejected.class);
    row(DesiredState.class, ModelDeployed.class, DeploymentFailed.class);
    // The next environment's turn comes when this one serves.
    row(ModelDeployed.class, ApprovalRequested.class, ModelPromoted.class, PredictionLogged.class);
    row(DeploymentFailed.class, ModelRejected.class, ModelDeployed.class);
    row(PredictionLogged.class, DriftDetected.class, DriftResolved.class);
    row(DriftDetected.class, DriftResolved.class, TrainRequested.class);
    row(DriftResolved.class, DriftDetected.class);
    row(DatasetVersionCreated.class, DatasetVersionDeleted.class);
    row(DatasetVersionDeleted.class);
    row(DatasetRejected.class);
    row(ArtifactStored.class, ArtifactDeleted.class);
    row(ArtifactDeleted.class);
    row(RegisteredModelCreated.class, ModelVersionCreated.class);
    row(RegisteredModelUpdated.class);
    row(RegisteredModelRenamed.class);
    row(RegisteredModelDeleted.class);
    row(RegisteredModelTagChanged.class);
    row(ModelVersionUpdated.class);
    row(ModelVersionTagChanged.class);
    row(ModelStageChanged.class);
    row(ModelAliasChanged.class);
    row(ModelVersionDeleted.class);
    row(PipelineApplied.class);
    row(WebhookCreated.class, WebhookUpdated.class, WebhookDisabled.class, WebhookDeleted.class);
    row(WebhookUpdated.class);
    row(WebhookDeleted.class);
    row(WebhookDisabled.class, WebhookUpdated.class, WebhookDeleted.class);
  }

  private EventFlow() {}

  @SafeVarargs
  private static void row(
      Class<? extends SpecificRecord> event, Class<? extends SpecificRecord>... next) {
    TABLE.put(event, new LinkedHashSet<>(List.of(next)));
  }

  /** Events that may be the first of a flow. */
  public static Set<Class<? extends SpecificRecord>> first() {
    return Set.copyOf(FIRST);
  }

  /** All events, in the order of the journey. */
  public static List<Class<? extends SpecificRecord>> events() {
    return List.copyOf(TABLE.keySet());
  }

  /** Events that may follow the given one; empty where the story ends. */
  public static Set<Class<? extends SpecificRecord>> after(Class<? extends SpecificRecord> event) {
    return Set.copyOf(TABLE.getOrDefault(event, Set.of()));
  }

  /** Whether the one event may be caused by the other. */
  public static boolean mayFollow(
      Class<? extends SpecificRecord> next, Class<? extends SpecificRecord> event) {
    return after(event).contains(next);
  }
}
