import { useEffect, useRef, useState } from 'react';
import { counted, type Flow, type FlowStatus, type Page } from '../api';
import { useNow } from '../live';
import { Badge, toneOf } from '../parts/badge';
import { Ago } from '../parts/moment';
import { Command, Panel } from '../parts/panel';
import type { Resource } from '../resource';
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
export function Flows({ flows }: { flows: Resource<Page<Flow>> }) {
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
      count={counted(flows.data)}
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
                    <b className="cut" title={nameOf(flow)}>{nameOf(flow)}</b>
                    {flow.version != null && <span className="muted">v{flow.version}</span>}
                    <Distance status={flow.status} />
                  </span>
                  <span className="row">
                    <Badge status={flow.status} />
                    <Ago className="muted push" at={flow.startedAt} now={now} />
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

function nameOf(flow: Flow): string {
  return flow.modelName ?? flow.pipeline ?? 'unnamed';
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
