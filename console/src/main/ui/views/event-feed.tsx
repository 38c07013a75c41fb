import { useState } from 'react';
import { paths, type Flow, type FlowDetail, type Page } from '../api';
import { summary, type FlowEvent } from '../events';
import { clock } from '../format';
import { useEvents, useLive } from '../live';
import { Command, Panel } from '../parts/panel';
import { useResource } from '../resource';

const KEPT = 400;
const SHOWN = 80;
const BAD = new Set(['TrainingRejected', 'TrainingFailed', 'EvaluationFailed', 'ModelRejected', 'DeploymentFailed', 'DriftDetected', 'DeadLettered']);
const GOOD = new Set(['ModelTrained', 'ModelEvaluated', 'ModelPromoted', 'ModelDeployed', 'DriftResolved']);

/** Every event as it comes, after those of the newest flow. */
export function EventFeed() {
  const { connection } = useLive();
  const flows = useResource<Page<Flow>>(paths.flows, ['TrainRequested']);
  const newest = flows.data?.items[0]?.requestId;
  const past = useResource<FlowDetail>(newest ? paths.flow(newest) : null, []);
  const [fresh, setFresh] = useState<FlowEvent[]>([]);
  const [filter, setFilter] = useState('');
  const [metrics, setMetrics] = useState(false);
  const [held, setHeld] = useState<FlowEvent[] | null>(null);
  useEvents((event) => setFresh((before) => [event, ...before].slice(0, KEPT)));

  const all = held ?? merged(fresh, past.data?.events ?? []);
  const wanted = filter.trim().toLowerCase();
  const matching = all.filter(
    (event) =>
      (metrics || event.type !== 'MetricsLogged') &&
      (wanted === '' || text(event).includes(wanted)),
  );
  const loaded = flows.data !== undefined && (newest === undefined || past.data !== undefined);
  return (
    <Panel
      id="events"
      title="Events"
      aside={
        <div className="tools">
          <input
            type="search"
            value={filter}
            onChange={(change) => setFilter(change.target.value)}
            placeholder="Filter by type, model, person"
            aria-label="Filter events"
          />
          <label className="check">
            <input type="checkbox" checked={metrics} onChange={(change) => setMetrics(change.target.checked)} />
            metrics
          </label>
          <button
            type="button"
            className="plain"
            aria-pressed={held !== null}
            onClick={() => setHeld(held ? null : all)}
          >
            {held ? 'Resume' : 'Pause'}
          </button>
        </div>
      }
      resource={{
        data: loaded || fresh.length > 0 ? matching : undefined,
        error: flows.error,
        reload: flows.reload,
      }}
      isEmpty={(events) => events.length === 0}
      empty={
        wanted !== '' ? (
          <p>No event of those kept here has “{filter.trim()}” in it.</p>
        ) : (
          <>
            <p>{connection === 'live' ? 'Listening. Nothing has happened yet.' : 'Not connected.'} The same in a terminal:</p>
            <Command>./millrace events</Command>
          </>
        )
      }
    >
      {(events) => (
        <ol className="feed" tabIndex={0} aria-label="Events, newest first">
          {events.slice(0, SHOWN).map((event) => (
            <li key={event.seq} className={BAD.has(event.type) ? 'bad' : GOOD.has(event.type) ? 'good' : ''}>
              <time dateTime={event.time}>{clock(event.time)}</time>
              <b>{event.type}</b>
              <span>{summary(event)}</span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}

function merged(fresh: FlowEvent[], past: FlowEvent[]): FlowEvent[] {
  const bySeq = new Map<number, FlowEvent>();
  for (const event of [...past, ...fresh]) {
    bySeq.set(event.seq, event);
  }
  return [...bySeq.values()].sort((a, b) => b.seq - a.seq);
}

function text(event: FlowEvent): string {
  return `${event.type} ${event.key} ${event.flowId ?? ''} ${event.topic} ${summary(event)}`.toLowerCase();
}
