// The events of the flow history: those of the topic catalogue, which a test holds this list
// against, and DeadLettered, which tracking-service writes for a record nobody could process.

import { short, span } from './format';

export const EVENT_TYPES = [
  'TrainRequested',
  'TrainAccepted',
  'TrainingRejected',
  'RunQueued',
  'RunStarted',
  'DataValidated',
  'ModelTrained',
  'TrainingFailed',
  'RunEnded',
  'RunRecovered',
  'RunPurged',
  'LoggedModelPurged',
  'RunCreated',
  'RunUpdated',
  'RunTagsChanged',
  'ParamsLogged',
  'InputsLogged',
  'OutputsLogged',
  'RunDeleted',
  'RunRestored',
  'LoggedModelCreated',
  'LoggedModelUpdated',
  'LoggedModelTagsChanged',
  'LoggedModelParamsLogged',
  'LoggedModelDeleted',
  'LoggedModelMetricsLogged',
  'RunCancelRequested',
  'ExperimentCreated',
  'ExperimentRenamed',
  'ExperimentDeleted',
  'ExperimentRestored',
  'ExperimentTagChanged',
  'ExperimentPurged',
  'MetricsLogged',
  'ModelVersionCreated',
  'RegisteredModelCreated',
  'RegisteredModelUpdated',
  'RegisteredModelRenamed',
  'RegisteredModelDeleted',
  'RegisteredModelTagChanged',
  'ModelVersionUpdated',
  'ModelVersionTagChanged',
  'ModelStageChanged',
  'ModelAliasChanged',
  'ModelVersionDeleted',
  'EvaluationRequested',
  'ModelEvaluated',
  'EvaluationFailed',
  'ApprovalRequested',
  'ModelPromoted',
  'ModelRejected',
  'ApprovalAnswered',
  'ApprovalWithdrawn',
  'ModelDeployed',
  'DeploymentFailed',
  'DriftDetected',
  'DriftResolved',
  'DatasetVersionCreated',
  'DatasetRejected',
  'DatasetVersionDeleted',
  'ArtifactStored',
  'ArtifactDeleted',
  'PipelineApplied',
  'WebhookDisabled',
  'WebhookCreated',
  'WebhookUpdated',
  'WebhookDeleted',
  'DeadLettered',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** What changes the state of a flow. */
export const STEPS: readonly EventType[] = [
  'TrainRequested',
  'TrainAccepted',
  'TrainingRejected',
  'RunQueued',
  'RunStarted',
  'ModelTrained',
  'TrainingFailed',
  'ModelVersionCreated',
  'ModelEvaluated',
  'EvaluationFailed',
  'ApprovalRequested',
  'ModelPromoted',
  'ModelRejected',
  'ModelDeployed',
  'DeploymentFailed',
];

/** What a client logs by the thousand. */
export const LOGGING: ReadonlySet<EventType> = new Set<EventType>([
  'MetricsLogged',
  'ParamsLogged',
  'RunTagsChanged',
  'InputsLogged',
  'OutputsLogged',
  'LoggedModelTagsChanged',
  'LoggedModelParamsLogged',
  'LoggedModelMetricsLogged',
  'ArtifactStored',
]);

/** One event of the history, as the stream and a flow show it. */
export interface FlowEvent {
  /** Place in the history; grows, and names the point to resume from. */
  seq: number;
  id: string;
  type: EventType;
  flowId?: string | null;
  key: string;
  time: string;
  topic: string;
  /** The event's own fields, see docs/events.md. */
  data: EventData;
}

/** Every field any event has; which are there follows from the type. */
export interface EventData {
  requestId?: string | null;
  pipeline?: string | null;
  pipelineName?: string | null;
  requestedBy?: string;
  reason?: string | null;
  name?: string;
  reasons?: Reason[];
  message?: string;
  runId?: string | null;
  silentMillis?: number;
  purgedBy?: string;
  modelId?: string;
  modelName?: string;
  version?: number;
  trainer?: string;
  params?: Record<string, string> | KeyValue[];
  tags?: KeyValue[];
  total?: number;
  datasets?: { name: string; digest: string }[];
  modelIds?: string[];
  models?: { modelId: string; step: number }[];
  experimentId?: string;
  runs?: number;
  previousStatus?: string;
  worker?: string;
  attempt?: number;
  startedAt?: string;
  passed?: boolean;
  rows?: number;
  checks?: DataCheck[];
  metrics?: MetricPoint[] | EvaluatedMetric[] | Record<string, number>;
  durationMillis?: number;
  parityMaxAbsDiff?: number;
  verdict?: string;
  gates?: Gate[];
  environment?: string;
  approvers?: number;
  approvals?: number;
  approved?: boolean;
  changed?: string[];
  origin?: string;
  cause?: string;
  by?: string | string[];
  comment?: string | null;
  previousVersion?: number | null;
  revision?: number;
  replica?: string;
  loadMillis?: number;
  status?: string;
  share?: number;
  columns?: ColumnDrift[] | number;
  datasetName?: string;
  file?: string;
  line?: number;
  dataset?: { name: string; version: number };
  previousName?: string;
  key?: string;
  previousStage?: string;
  stage?: string;
  alias?: string;
  originalTopic?: string;
  path?: string;
  folder?: boolean;
  files?: number;
  previousSha256?: string | null;
  consumer?: string;
}

export interface Reason {
  code: string;
  message: string;
  path?: string | null;
}

export interface DataCheck {
  check: string;
  column?: string | null;
  status: string;
  message: string;
}

/** A parameter or tag; a tag without a value was removed. */
export interface KeyValue {
  key: string;
  value?: string | null;
  cut?: boolean;
}

export interface MetricPoint {
  key: string;
  value: number;
  step: number;
  timestamp: string;
}

export interface EvaluatedMetric {
  name: string;
  value: number;
  lower?: number | null;
  upper?: number | null;
  confidence?: number;
}

export interface Gate {
  metric: string;
  condition: string;
  passed: boolean;
  message: string;
}

export interface ColumnDrift {
  column: string;
  test: string;
  adjustedPValue?: number | null;
  psi?: number | null;
  drifted: boolean;
}

/** What an event says, in a few words, beside its type. */
export function summary(event: FlowEvent): string {
  const d = event.data ?? {};
  const model = d.modelName ? `${d.modelName}${d.version ? ` v${d.version}` : ''}` : '';
  switch (event.type) {
    case 'TrainRequested':
      return `${d.pipeline ?? 'inline pipeline'}, asked by ${d.requestedBy ?? 'unknown'}${d.reason ? ` (${d.reason})` : ''}`;
    case 'TrainAccepted':
      return `${d.pipelineName} on ${d.dataset?.name} v${d.dataset?.version}`;
    case 'TrainingRejected':
      return d.reasons?.map((reason) => reason.message).join(' ') ?? '';
    case 'RunQueued':
      return `${d.modelName} with ${d.trainer}`;
    case 'RunStarted':
      return `on ${d.worker}${d.attempt && d.attempt > 1 ? `, attempt ${d.attempt}` : ''}`;
    case 'DataValidated':
      return `${d.rows?.toLocaleString('en')} rows, ${d.passed ? 'all checks passed' : 'checks failed'}`;
    case 'ModelTrained':
      return d.modelName ?? '';
    case 'TrainingFailed':
    case 'EvaluationFailed':
    case 'DeploymentFailed':
      return `${d.environment ? `${model} in ${d.environment}: ` : ''}${d.reason}. ${d.message}`;
    case 'RunEnded':
      return `${d.runId?.slice(0, 8)} ${d.status?.toLowerCase()}`;
    case 'RunRecovered':
      return `${d.runId?.slice(0, 8)} reports again after ${span(d.silentMillis ?? 0)}`;
    case 'RunPurged':
      return `${d.runId?.slice(0, 8)} by ${d.purgedBy}`;
    case 'LoggedModelPurged':
      return `${d.modelId} by ${d.purgedBy}`;
    case 'RunCreated':
    case 'RunUpdated':
      return `${d.runId?.slice(0, 8)} ${d.name}${d.status ? `, ${d.status.toLowerCase()}` : ''}`;
    case 'RunDeleted':
    case 'RunRestored':
      return `${d.runId?.slice(0, 8)} by ${people(d.by)}`;
    case 'RunTagsChanged':
      return `${d.runId?.slice(0, 8)}: ${keys(d.tags, d.total)}`;
    case 'ParamsLogged':
      return `${d.runId?.slice(0, 8)}: ${keys(d.params, d.total)}`;
    case 'InputsLogged':
      return `${d.runId?.slice(0, 8)} reads ${[...(d.datasets ?? []).map((dataset) => dataset.name), ...(d.modelIds ?? [])].slice(0, 3).join(', ')}`;
    case 'OutputsLogged':
      return `${d.runId?.slice(0, 8)} made ${(d.models ?? []).slice(0, 3).map((made) => made.modelId).join(', ')}`;
    case 'LoggedModelCreated':
      return `${d.name} (${d.modelId})`;
    case 'LoggedModelUpdated':
      return `${d.modelId} from ${d.previousStatus?.toLowerCase()} to ${d.status?.toLowerCase()}`;
    case 'LoggedModelTagsChanged':
      return `${d.modelId}: ${keys(d.tags, d.total)}`;
    case 'LoggedModelParamsLogged':
      return `${d.modelId}: ${keys(d.params, d.total)}`;
    case 'LoggedModelDeleted':
      return `${d.modelId} by ${people(d.by)}`;
    case 'LoggedModelMetricsLogged':
      return `${d.modelId}: ${Array.isArray(d.metrics) ? some(d.metrics as MetricPoint[]) : ''}`;
    case 'RunCancelRequested':
      return `${d.runId?.slice(0, 8)} by ${people(d.by)}`;
    case 'ExperimentCreated':
      return `${d.name} by ${people(d.by)}`;
    case 'ExperimentRenamed':
      return `${d.previousName} is ${d.name} now, by ${people(d.by)}`;
    case 'ExperimentDeleted':
    case 'ExperimentRestored':
      return `${d.name} with ${d.runs} runs by ${people(d.by)}`;
    case 'ExperimentTagChanged':
      return `${d.experimentId}: ${d.key} by ${people(d.by)}`;
    case 'ExperimentPurged':
      return `${d.name} by ${d.purgedBy}`;
    case 'MetricsLogged':
      return some(points(event));
    case 'ModelVersionCreated':
    case 'EvaluationRequested':
      return model;
    case 'RegisteredModelCreated':
    case 'RegisteredModelUpdated':
    case 'RegisteredModelDeleted':
      return `${d.modelName} by ${people(d.by)}`;
    case 'RegisteredModelRenamed':
      return `${d.previousName} is ${d.modelName} now, by ${people(d.by)}`;
    case 'RegisteredModelTagChanged':
      return `${d.modelName}: ${d.key} by ${people(d.by)}`;
    case 'ModelVersionUpdated':
    case 'ModelVersionDeleted':
      return `${model} by ${people(d.by)}`;
    case 'ModelVersionTagChanged':
      return `${model}: ${d.key} by ${people(d.by)}`;
    case 'ModelStageChanged':
      return `${model} from ${d.previousStage} to ${d.stage} by ${people(d.by)}`;
    case 'ModelAliasChanged':
      return d.version
        ? `${d.alias} is ${model} now, by ${people(d.by)}`
        : `${d.alias} of ${d.modelName} removed by ${people(d.by)}`;
    case 'ModelEvaluated':
      return `${model}: ${d.verdict?.toLowerCase()}`;
    case 'ApprovalRequested':
      return `${model} for ${d.environment} needs ${d.approvers} ${d.approvers === 1 ? 'approval' : 'approvals'}`;
    case 'ApprovalAnswered':
      return `${people(d.by)} says ${d.approved ? 'yes' : 'no'} to ${model} for ${d.environment}${d.status === 'PENDING' ? `, ${d.approvals} of ${d.approvers}` : ''}${d.comment ? `: ${d.comment}` : ''}`;
    case 'ApprovalWithdrawn':
      return `${model} for ${d.environment}: ${d.reason}`;
    case 'ModelPromoted':
      return `${model} to ${d.environment} by ${people(d.by)}`;
    case 'ModelRejected':
      return `${model} for ${d.environment}: ${d.message}`;
    case 'ModelDeployed':
      return `${model} in ${d.environment} on ${d.replica}`;
    case 'DriftDetected':
    case 'DriftResolved': {
      const drifted = Array.isArray(d.columns) ? d.columns.filter((column) => column.drifted) : [];
      return `${model} in ${d.environment}, ${drifted.length} of ${Array.isArray(d.columns) ? d.columns.length : 0} columns`;
    }
    case 'DatasetVersionCreated':
      return `${d.dataset?.name} v${d.dataset?.version}, ${d.rows?.toLocaleString('en')} rows`;
    case 'DatasetRejected':
      return `${d.datasetName}, line ${d.line} of ${d.file}: ${d.message}`;
    case 'DatasetVersionDeleted':
      return `${d.datasetName} v${d.version} by ${people(d.by)}`;
    case 'ArtifactStored':
      return `${d.path}${d.previousSha256 ? ' replaced' : ''} by ${people(d.by)}`;
    case 'ArtifactDeleted':
      return `${d.path}${d.folder ? ` with ${d.files?.toLocaleString('en')} ${d.files === 1 ? 'file' : 'files'}` : ''} by ${people(d.by)}`;
    case 'PipelineApplied':
      return `${d.pipelineName} v${d.version} by ${people(d.by)}${d.changed?.length ? `: ${d.changed.join(', ')}` : ''}`;
    case 'WebhookCreated':
      return `${d.name}, to ${d.origin}, by ${people(d.by)}`;
    case 'WebhookUpdated':
      return `${d.name}: ${d.changed?.join(', ')} by ${people(d.by)}`;
    case 'WebhookDeleted':
      return `${d.name} by ${people(d.by)}`;
    case 'WebhookDisabled':
      return `${d.name}: ${d.reason}`;
    case 'DeadLettered':
      return `a record of ${d.originalTopic}, for ${d.consumer}: ${d.message}`;
    default:
      return facts(event.data ?? {});
  }
}

/** The first of some points. */
function some(metrics: MetricPoint[]): string {
  return metrics
    .slice(0, 3)
    .map((point) => `${point.key} ${point.value.toPrecision(4)}`)
    .join(', ');
}

/** The first of some keys, and how many there are besides. */
function keys(entries: KeyValue[] | Record<string, string> | undefined, total = 0): string {
  const shown = (Array.isArray(entries) ? entries : []).slice(0, 3).map((entry) => entry.key);
  return total > shown.length
    ? `${shown.join(', ')} and ${total - shown.length} more`
    : shown.join(', ');
}

const FACTS_SHOWN = 4;

/** The first plain fields of an event that has no words of its own here. */
function facts(data: object): string {
  return Object.entries(data)
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value) && value !== '')
    .slice(0, FACTS_SHOWN)
    .map(([name, value]) => `${name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)} ${short(String(value))}`)
    .join(', ');
}

export function people(by: string | string[] | null | undefined): string {
  const names = Array.isArray(by) ? by : by ? [by] : [];
  return names.length === 0 ? 'unknown' : names.join(', ');
}

/** The points of a MetricsLogged event. */
export function points(event: FlowEvent): MetricPoint[] {
  const metrics = event.data?.metrics;
  return event.type === 'MetricsLogged' && Array.isArray(metrics) ? (metrics as MetricPoint[]) : [];
}
