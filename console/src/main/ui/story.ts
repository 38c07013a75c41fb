// The events of one flow as the steps of its journey.

import type { FlowDetail } from './api';
import {
  people,
  points,
  type DataCheck,
  type EvaluatedMetric,
  type FlowEvent,
  type Gate,
  type MetricPoint,
  type Reason,
} from './events';
import { between } from './format';

export type StepState = 'waiting' | 'active' | 'held' | 'done' | 'failed';

export interface Step {
  key: string;
  label: string;
  state: StepState;
  /** When it was done, or reached its state; null while it waits. */
  at: string | null;
  note: string;
}

export interface Series {
  key: string;
  points: MetricPoint[];
}

export interface Story {
  steps: Step[];
  /** Steps of the training done so far and expected; total 0 is unknown. */
  progress: { done: number; total: number; unit: string } | null;
  series: Series[];
  checks: DataCheck[];
  evaluation: { verdict: string; rows: number; metrics: EvaluatedMetric[]; gates: Gate[] } | null;
  /** Why it ended, where it did not end well. */
  trouble: Reason[];
  trainer: string;
  worker: string;
  /** The newest run, null before there is one. */
  runId: string | null;
}

const USUAL_ENVIRONMENTS = ['staging', 'production'];
/** What tells most about a training, first things first. */
const TELLING = ['validation.roc_auc', 'validation.accuracy', 'validation.log_loss', 'validation.rmse', 'train.loss'];

export function tell(flow: FlowDetail): Story {
  const events = [...flow.events].sort((a, b) => a.seq - b.seq);
  const last = (type: FlowEvent['type']) => events.findLast((event) => event.type === type);
  const requested = events.find((event) => event.type === 'TrainRequested');
  const accepted = last('TrainAccepted');
  const rejected = last('TrainingRejected');
  const queued = last('RunQueued');
  const started = last('RunStarted');
  const validated = last('DataValidated');
  const trained = last('ModelTrained');
  const ended = last('TrainingFailed');
  const recovered = last('RunRecovered');
  // A run that was given up goes on when its worker reports after all.
  const failed = ended && recovered && recovered.seq > ended.seq ? undefined : ended;
  const evaluated = last('ModelEvaluated');
  const evaluationFailed = last('EvaluationFailed');
  const versionCreated = last('ModelVersionCreated');

  const steps: Step[] = [
    {
      key: 'requested',
      label: 'Requested',
      state: 'done',
      at: requested?.time ?? flow.startedAt,
      note: `by ${flow.requestedBy ?? 'unknown'}`,
    },
    rejected
      ? step('accepted', 'Accepted', 'failed', rejected, 'refused')
      : step('accepted', 'Accepted', accepted ? 'done' : 'active', accepted, ''),
  ];
  steps.push(
    validated
      ? step(
          'data',
          'Checked',
          validated.data.passed ? 'done' : 'failed',
          validated,
          `${validated.data.rows?.toLocaleString('en')} rows`,
        )
      : step('data', 'Checked', started && !trained && !failed ? 'active' : trained ? 'done' : 'waiting', trained, ''),
  );
  steps.push(
    trained
      ? step('trained', 'Trained', 'done', trained, between(started?.time, trained.time))
      : failed
        ? step('trained', 'Trained', 'failed', failed, failed.data.reason ?? '')
        : step('trained', 'Trained', validated ? 'active' : 'waiting', undefined, queued && !started ? 'queued' : ''),
  );
  steps.push(
    evaluated
      ? step(
          'evaluated',
          'Evaluated',
          evaluated.data.verdict === 'PASSED' ? 'done' : 'failed',
          evaluated,
          evaluated.data.verdict === 'PASSED' ? 'gates passed' : 'gates failed',
        )
      : evaluationFailed
        ? step('evaluated', 'Evaluated', 'failed', evaluationFailed, evaluationFailed.data.reason ?? '')
        : step('evaluated', 'Evaluated', versionCreated ? 'active' : 'waiting', undefined, ''),
  );
  for (const environment of environments(queued, events)) {
    steps.push(environmentStep(environment, events));
  }

  const trouble: Reason[] = [...(rejected?.data.reasons ?? [])];
  for (const event of [failed, evaluationFailed, last('ModelRejected')]) {
    if (event) {
      trouble.push({ code: event.data.reason ?? '', message: event.data.message ?? '' });
    }
  }
  const series = metricSeries(events, started);
  return {
    steps,
    progress: trainingProgress(queued, series, started !== undefined, trained !== undefined),
    series: telling(series),
    checks: validated?.data.checks ?? [],
    evaluation: evaluated
      ? {
          verdict: evaluated.data.verdict ?? '',
          rows: evaluated.data.rows ?? 0,
          metrics: (evaluated.data.metrics ?? []) as EvaluatedMetric[],
          gates: evaluated.data.gates ?? [],
        }
      : null,
    trouble,
    trainer: queued?.data.trainer ?? '',
    worker: started?.data.worker ?? '',
    runId: (started ?? queued)?.data.runId ?? null,
  };
}

function step(
  key: string,
  label: string,
  state: StepState,
  event: FlowEvent | undefined,
  note: string,
): Step {
  return { key, label, state, at: event?.time ?? null, note };
}

/** The environments of the pipeline, or those the events name. */
function environments(queued: FlowEvent | undefined, events: FlowEvent[]): string[] {
  try {
    const pipeline = JSON.parse(queued?.data.pipeline ?? '') as {
      promote?: { environments?: string[] };
    };
    if (pipeline.promote?.environments?.length) {
      return pipeline.promote.environments;
    }
  } catch {
    // No job yet, or one of a version that writes it in another way.
  }
  const named = new Set<string>();
  for (const event of events) {
    if (event.data.environment) {
      named.add(event.data.environment);
    }
  }
  return named.size === 0 ? USUAL_ENVIRONMENTS : [...named];
}

function environmentStep(environment: string, events: FlowEvent[]): Step {
  const of = (type: FlowEvent['type']) =>
    events.findLast((event) => event.type === type && event.data.environment === environment);
  const label = environment.charAt(0).toUpperCase() + environment.slice(1);
  const deployed = of('ModelDeployed');
  const rejected = of('ModelRejected');
  const failed = of('DeploymentFailed');
  const promoted = of('ModelPromoted');
  const asked = of('ApprovalRequested');
  if (rejected) {
    return step(environment, label, 'failed', rejected, rejected.data.reason ?? 'refused');
  }
  if (deployed) {
    const by = promoted?.data.cause === 'APPROVAL' ? `approved by ${people(promoted.data.by)}` : 'serving';
    return step(environment, label, 'done', deployed, by);
  }
  if (failed) {
    return step(environment, label, 'failed', failed, failed.data.reason ?? '');
  }
  if (promoted) {
    return step(environment, label, 'active', promoted, 'loading');
  }
  return asked
    ? step(environment, label, 'held', asked, 'waits for approval')
    : step(environment, label, 'waiting', undefined, '');
}

/** All metrics of the newest attempt by name, in the order of their steps. */
function metricSeries(events: FlowEvent[], started: FlowEvent | undefined): Series[] {
  const byKey = new Map<string, Map<number, MetricPoint>>();
  for (const event of events) {
    if (started && event.seq < started.seq && event.type === 'MetricsLogged') {
      continue;
    }
    for (const point of points(event)) {
      const series = byKey.get(point.key) ?? new Map<number, MetricPoint>();
      series.set(point.step, point);
      byKey.set(point.key, series);
    }
  }
  return [...byKey].map(([key, series]) => ({
    key,
    points: [...series.values()].sort((a, b) => a.step - b.step),
  }));
}

function telling(all: Series[]): Series[] {
  const rank = (series: Series) => {
    const at = TELLING.indexOf(series.key);
    return at < 0 ? TELLING.length : at;
  };
  return all
    .filter((series) => series.points.length > 1)
    .sort((a, b) => rank(a) - rank(b) || a.key.localeCompare(b.key))
    .slice(0, 3);
}

function trainingProgress(
  queued: FlowEvent | undefined,
  series: Series[],
  started: boolean,
  trained: boolean,
): Story['progress'] {
  if (!started) {
    return null;
  }
  const params = (queued?.data.params ?? {}) as Record<string, string>;
  const unit = params['epochs'] || queued?.data.trainer?.includes('mlp') ? 'epochs' : 'trees';
  const total = Number(params[unit] ?? 0) || 0;
  const done = Math.max(0, ...series.flatMap((one) => one.points.map((point) => point.step)));
  return { done: trained && total > 0 ? Math.max(done, total) : done, total, unit };
}
