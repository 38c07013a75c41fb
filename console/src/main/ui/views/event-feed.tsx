import { useEffect, useState } from 'react';
import { get, paths, type Flow, type FlowDetail, type Page } from '../api';
import { LOGGING, summary, type FlowEvent } from '../events';
import { useEvents, useLive, useNow } from '../live';
import { At } from '../parts/moment';
import { Command, Panel } from '../parts/panel';
import type { Resource } from '../resource';

const FLOWS_LOADED = 5;
const KEPT = 400;
const SHOWN = 80;
const BAD = new Set(['TrainingRejected', 'TrainingFailed', 'EvaluationFailed', 'ModelRejected', 'DeploymentFailed', 'DriftDetected', 'DeadLettered']);
const GOOD = new Set(['ModelTrained', 'ModelEvaluated', 'ModelPromoted', 'ModelDeployed', 'DriftResolved']);

/** Every event as it comes, after those of the newest flows. */
export function EventFeed({ flows }: { flows: Resource<Page<Flow>> }) {
  const { connection } = useLive();
  const now = useNow();
  const past = usePast(flows.data);
  // Apart, so that ten thousand files or metrics push nothing else out.
  const [fresh, setFresh] = useState<FlowEvent[]>([]);
  const [logged, setLogged] = useState<FlowEvent[]>([]);
  const [filter, setFilter] = useState('');
  const [logging, setLogging] = useState(false);
  const [held, setHeld] = useState<FlowEvent[] | null>(null);
  useEvents((event) => {
    const add = LOGGING.has(event.type) ? setLogged : setFresh;
    add((before) => [event, ...before].slice(0, KEPT));
  });

  const all = held ?? merged([...fresh, ...logged], past ?? []);
  const wanted = filter.trim().toLowerCase();
  const matching = all.filter(
    (event) =>
      (logging || !LOGGING.has(event.type)) &&
      (wanted === '' || text(event).includes(wanted)),
  );
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
            <input type="checkbox" checked={logging} onChange={(change) => setLogging(change.target.checked)} />
            logging
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
        data: past || fresh.length > 0 || logged.length > 0 ? matching : undefined,
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
              <At at={event.time} now={now} />
              <b>{event.type}</b>
              <span>{summary(event)}</span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}

/** The events of the newest flows there were when the page was opened; undefined until they are known. */
function usePast(flows: Page<Flow> | undefined): FlowEvent[] | undefined {
  const [past, setPast] = useState<FlowEvent[]>();
  const [ids, setIds] = useState<string[]>();
  if (ids === undefined && flows !== undefined) {
    setIds(flows.items.slice(0, FLOWS_LOADED).map((flow) => flow.requestId));
  }
  useEffect(() => {
    if (ids === undefined) {
      return undefined;
    }
    const controller = new AbortController();
    Promise.allSettled(ids.map((id) => get<FlowDetail>(paths.flow(id), controller.signal))).then((answers) => {
      if (!controller.signal.aborted) {
        setPast(answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value.events : [])));
      }
    });
    return () => controller.abort();
  }, [ids]);
  return past;
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
