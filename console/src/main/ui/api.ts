// The part of /api/v1 the console uses, with its types. Paths begin at the root: the console is
// always served by the gateway it talks to.

import type { ColumnDrift, EvaluatedMetric, FlowEvent, Gate } from './events';

export interface Page<T> {
  items: T[];
  nextPageToken?: string | null;
}

/** How many there are, as far as the page tells: "12+" where there are more. */
export function counted(page: Page<unknown> | undefined): string | number | undefined {
  return page?.nextPageToken ? `${page.items.length}+` : page?.items.length;
}

export type FlowStatus =
  | 'REQUESTED'
  | 'REJECTED'
  | 'QUEUED'
  | 'RUNNING'
  | 'TRAINED'
  | 'EVALUATED'
  | 'AWAITING_APPROVAL'
  | 'PROMOTED'
  | 'DEPLOYED'
  | 'FAILED'
  | 'MODEL_REJECTED';

export interface Flow {
  requestId: string;
  status: FlowStatus;
  pipeline?: string | null;
  modelName?: string | null;
  version?: number | null;
  runIds?: string[];
  requestedBy?: string | null;
  startedAt: string;
  updatedAt: string;
}

export interface FlowDetail extends Flow {
  events: FlowEvent[];
}

export interface Run {
  runId: string;
  name?: string | null;
  experiment?: string | null;
  status: string;
  startedAt?: string | null;
  endedAt?: string | null;
  metrics: Record<string, number>;
  params: Record<string, string>;
}

export interface Model {
  name: string;
  latestVersion: number;
  versions: ModelVersion[];
}

export interface ModelVersion {
  version: number;
  runId?: string | null;
  requestId?: string | null;
  createdAt: string;
  metrics?: Record<string, number> | null;
}

export interface Evaluation {
  status?: string | null;
  verdict?: string | null;
  rows?: number | null;
  metrics?: EvaluatedMetric[] | null;
  gates?: Gate[] | null;
}

export interface Deployment {
  environment: string;
  modelName: string;
  version: number;
  revision: number;
  status: 'PENDING' | 'DEPLOYED' | 'FAILED';
  cause: string;
  by?: string | string[] | null;
  comment?: string | null;
  message?: string | null;
  decidedAt: string;
  replicas: Replica[];
}

export interface Replica {
  replica: string;
  version: number;
  revision: number;
  outcome?: string | null;
  at: string;
}

/** One revision of what an environment serves. */
export interface Decision {
  revision: number;
  version: number;
  previousVersion?: number | null;
  cause: string;
  by?: string | string[] | null;
  comment?: string | null;
  decidedAt: string;
  outcome?: string | null;
  message?: string | null;
}

export interface Monitored {
  environment: string;
  modelName: string;
  version: number;
  status: 'NO_DATA' | 'COLLECTING' | 'OK' | 'DRIFTED';
  /** Rows counted for the window that is filling. */
  collectedRows: number;
  /** Why it is not watched, where it is not. */
  note?: string | null;
  lastWindow?: MonitoredWindow | null;
}

export interface MonitoredWindow {
  revision: number;
  number: number;
  version: number;
  state: 'OPEN' | 'CLOSED';
  start: string;
  end: string;
  rows: number;
  lateRows: number;
  verdict?: 'OK' | 'DRIFTED' | 'NOT_ENOUGH_DATA' | 'SUPERSEDED' | null;
  /** Share of the columns that drifted; null without a comparison. */
  share?: number | null;
  columns: ColumnDrift[];
}

/** The history of a metric in MLflow's form. */
export interface MetricHistory {
  metrics: { key: string; value: number; timestamp: number; step: number }[];
}

export interface Approval {
  approvalId: string;
  requestId: string;
  modelName: string;
  version: number;
  environment: string;
  approvers: number;
  decisions: { by: string; approved?: boolean; at?: string }[];
  status: string;
  requestedBy: string;
}

export interface PlatformStatus {
  services: { name: string; status: string; address?: string }[];
}

/** A refusal in the form of RFC 9457, or a failure to reach the gateway at all (status 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

async function call<T>(path: string, init: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers: { Accept: 'application/json', ...init.headers } });
  } catch (failure) {
    if (failure instanceof DOMException && failure.name === 'AbortError') {
      throw failure;
    }
    throw new Problem(0, 'unreachable', 'The gateway does not answer. Is it still running?');
  }
  const text = await response.text();
  const body: unknown = parsed(text);
  if (!response.ok) {
    const problem = (body ?? {}) as { code?: string; detail?: string; title?: string };
    throw new Problem(
      response.status,
      problem.code ?? `http-${response.status}`,
      problem.detail ?? problem.title ?? `${path} was answered with status ${response.status}.`,
    );
  }
  return body as T;
}

function parsed(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return call<T>(path, { signal: signal ?? null });
}

/** Approves or refuses; `by` is checked by the server against who asked for the training. */
export function decide(
  approvalId: string,
  decision: 'approve' | 'reject',
  by: string,
  comment: string,
): Promise<Approval> {
  return call<Approval>(`/api/v1/approvals/${encodeURIComponent(approvalId)}/${decision}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(comment ? { by, comment } : { by }),
  });
}

export const paths = {
  flows: '/api/v1/flows?limit=12',
  flow: (requestId: string) => `/api/v1/flows/${encodeURIComponent(requestId)}`,
  runs: '/api/v1/runs?limit=12',
  models: '/api/v1/models',
  evaluation: (model: string, version: number) =>
    `/api/v1/evaluations/${encodeURIComponent(model)}/${version}`,
  deployments: '/api/v1/deployments',
  decisions: (environment: string, model: string) =>
    `/api/v1/deployments/${encodeURIComponent(environment)}/${encodeURIComponent(model)}/history?limit=10`,
  monitoring: '/api/v1/monitoring',
  windows: (environment: string, model: string) =>
    `/api/v1/monitoring/${encodeURIComponent(environment)}/${encodeURIComponent(model)}/windows?limit=40`,
  metric: (runId: string, key: string) =>
    `/api/2.0/mlflow/metrics/get-history?run_id=${encodeURIComponent(runId)}&metric_key=${encodeURIComponent(key)}&max_results=5000`,
  approvals: '/api/v1/approvals?status=PENDING',
  status: '/api/v1/status',
  events: '/api/v1/events',
};
