import { useEffect, useRef, useState } from 'react';
import { paths, type Flow, type FlowStatus, type Page } from '../api';
import { ago } from '../format';
import { useNow } from '../live';
import { Badge, toneOf } from '../parts/badge';
import { Command, Panel } from '../parts/panel';
import { useResource } from '../resource';
import { FlowStory } from './flow-story';

const FAR: Record<FlowStatus, number> = {
  REQUESTED: 1,
  REJECTED: 1,
  QUEUED: 2,
  RUNNING: 3,
  FAILED: 3,
  TRAINED: 4,
  EVALUATED: 5,
  MODEL_REJECTED: 5,
  AWAITING_APPROVAL: 5,
  PROMOTED: 6,
  DEPLOYED: 7,
};

/** The newest requests, and the story of the chosen one. */
export function Flows() {
  const flows = useResource<Page<Flow>>(paths.flows, [
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
  ]);
  const now = useNow();
  const [chosen, setChosen] = useState<string | null>(null);
  const newest = flows.data?.items[0]?.requestId ?? null;
  const seen = useRef(newest);
  useEffect(() => {
    // A new request takes the stage, unless somebody is reading an older one.
    if (newest !== seen.current) {
      setChosen((before) => (before === seen.current ? null : before));
      seen.current = newest;
    }
  }, [newest]);
  const shown = chosen ?? newest;
  return (
    <Panel
      id="flows"
      title="Flows"
      count={flows.data?.items.length}
      resource={flows}
      isEmpty={(page) => page.items.length === 0}
      empty={
        <>
          <p>No request for a training yet. Publish one:</p>
          <Command>./millrace run samples/breast-cancer.yaml --data samples/breast-cancer.csv</Command>
          <p>or let the demo do all of it:</p>
          <Command>./millrace demo</Command>
        </>
      }
    >
      {(page) => (
        <div className="flows">
          <ol className="flow-list" aria-label="Requests, newest first">
            {page.items.map((flow) => (
              <li key={flow.requestId}>
                <button
                  type="button"
                  aria-current={flow.requestId === shown ? 'true' : undefined}
                  onClick={() => setChosen(flow.requestId)}
                >
                  <span className="row">
                    <b className="cut">{flow.modelName ?? flow.pipeline ?? 'unnamed'}</b>
                    {flow.version != null && <span className="muted">v{flow.version}</span>}
                    <time className="muted push" dateTime={flow.startedAt}>
                      {ago(flow.startedAt, now)}
                    </time>
                  </span>
                  <span className="row">
                    <Badge status={flow.status} />
                    <Distance status={flow.status} />
                  </span>
                </button>
              </li>
            ))}
          </ol>
          {shown && <FlowStory key={shown} requestId={shown} />}
        </div>
      )}
    </Panel>
  );
}

/** How far a flow came, as seven small marks. */
function Distance({ status }: { status: FlowStatus }) {
  const far = FAR[status] ?? 0;
  return (
    <span className={`distance ${toneOf(status)}`} aria-hidden="true">
      {[1, 2, 3, 4, 5, 6, 7].map((mark) => (
        <i key={mark} className={mark <= far ? 'on' : ''} />
      ))}
    </span>
  );
}
