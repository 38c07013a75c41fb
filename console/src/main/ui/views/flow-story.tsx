import { useMemo, useState } from 'react';
import { paths, type FlowDetail } from '../api';
import { STEPS, type EvaluatedMetric, type FlowEvent, type MetricPoint } from '../events';
import { useCurves } from '../curves';
import { between, fixed, moment, percent, score, short, words } from '../format';
import { useEvents, useNow } from '../live';
import { Badge } from '../parts/badge';
import { axisFrom, Bar, Interval, Sparkline } from '../parts/charts';
import { At } from '../parts/moment';
import { useResource } from '../resource';
import { tell, type Step, type Story } from '../story';

const METRICS_SHOWN = 10;

/** One request from its first event to its last, live. */
export function FlowStory({ requestId }: { requestId: string }) {
  const { data, error, reload } = useResource<FlowDetail>(paths.flow(requestId), STEPS);
  const [fresh, setFresh] = useState<FlowEvent[]>([]);
  useEvents((event) => {
    if ((event.flowId ?? event.data?.requestId) === requestId) {
      setFresh((before) => [...before.slice(-500), event]);
    }
  });
  const story = useMemo(() => {
    if (!data) {
      return null;
    }
    const bySeq = new Map<number, FlowEvent>();
    for (const event of [...data.events, ...fresh]) {
      bySeq.set(event.seq, event);
    }
    return tell({ ...data, events: [...bySeq.values()] });
  }, [data, fresh]);
  if (!data || !story) {
    return (
      <div className="story">
        {error ? (
          <p className="trouble" role="status">
            {error.message}{' '}
            <button type="button" className="link" onClick={reload}>
              Try now
            </button>
          </p>
        ) : (
          <div className="skeleton" aria-label="Loading"><span /><span /><span /></div>
        )}
      </div>
    );
  }
  return (
    <article className="story" aria-label={`Story of request ${requestId}`}>
      <header>
        <h3>
          {data.modelName ?? data.pipeline ?? 'unnamed'}
          {data.version != null && <span className="muted"> v{data.version}</span>}
        </h3>
        <Badge status={data.status} />
        <span className="muted push">
          {story.trainer && <>{story.trainer} · </>}
          <code title={requestId}>{short(requestId)}</code>
        </span>
      </header>
      <Steps steps={story.steps} />
      {story.trouble.length > 0 && <Trouble story={story} />}
      <div className="details">
        <Training story={story} running={data.status === 'RUNNING'} />
        <Verdict story={story} />
      </div>
    </article>
  );
}

function Steps({ steps }: { steps: Step[] }) {
  const begin = steps[0]?.at;
  const now = useNow();
  return (
    <ol className="steps">
      {steps.map((step) => (
        <li key={step.key} className={step.state}>
          <span className="mark" aria-hidden="true" />
          <b>{step.label}</b>
          <span className="sr">{step.state}</span>
          <span className="when">
            {step.at ? (
              step.at === begin ? (
                <At at={step.at} now={now} />
              ) : (
                <time dateTime={step.at} title={moment(step.at)}>
                  +{between(begin, step.at)}
                </time>
              )
            ) : (
              '\u00a0'
            )}
          </span>
          <span className="note">{step.note}</span>
        </li>
      ))}
    </ol>
  );
}

function Trouble({ story }: { story: Story }) {
  return (
    <ul className="reasons">
      {story.trouble.map((reason, at) => (
        <li key={at}>
          <code>{reason.code}</code> {reason.message}
        </li>
      ))}
    </ul>
  );
}

function Training({ story, running }: { story: Story; running: boolean }) {
  const { progress, series, checks } = story;
  const curves = useCurves(story.runId, series.map((one) => one.key));
  if (!progress) {
    return null;
  }
  const warnings = checks.filter((check) => check.status !== 'PASS');
  const total = Math.max(progress.total, progress.done);
  return (
    <section aria-label="Training">
      <h4>
        Training
        {story.worker && <span className="muted"> on {story.worker}</span>}
      </h4>
      {progress.done > 0 && (
        <div className="progress">
          <Bar
            share={progress.total > 0 ? progress.done / progress.total : 1}
            label={`${progress.done} of ${total} ${progress.unit}`}
          />
          <span>
            <b>{progress.done}</b>
            {progress.total > 0 && <> / {progress.total}</>} {progress.unit}
            {running && <span className="sr"> so far</span>}
          </span>
        </div>
      )}
      <div className="sparklines">
        {series.map((one) => (
          <Sparkline key={one.key} label={one.key} points={longer(curves.get(one.key), one.points)} />
        ))}
      </div>
      {checks.length > 0 && (
        <p className="muted small">
          {checks.length} data checks,{' '}
          {warnings.length === 0 ? 'all passed' : `${warnings.length} with a remark:`}
        </p>
      )}
      {warnings.length > 0 && (
        <ul className="checks">
          {warnings.slice(0, 4).map((check, at) => (
            <li key={at} className={check.status === 'FAIL' ? 'bad' : 'held'}>
              <b>{words(check.status)}</b> {check.column && <code>{check.column}</code>} {check.message}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** The history, unless the events are already further. */
function longer(history: MetricPoint[] | undefined, points: MetricPoint[]): MetricPoint[] {
  return history && (history.at(-1)?.step ?? 0) >= (points.at(-1)?.step ?? 0) ? history : points;
}

function Verdict({ story }: { story: Story }) {
  const { evaluation } = story;
  if (!evaluation) {
    return null;
  }
  const from = axisFrom(evaluation.metrics);
  const gated = new Set(evaluation.gates.map((gate) => gate.metric));
  // What decides comes first.
  const metrics = [...evaluation.metrics].sort((a, b) => Number(gated.has(b.name)) - Number(gated.has(a.name)));
  return (
    <section aria-label="Evaluation">
      <h4>
        Evaluation <span className="muted">on {evaluation.rows.toLocaleString('en')} held-out rows</span>
      </h4>
      <table className="metrics">
        <caption className="sr">Metrics with their intervals</caption>
        {from !== null && (
          <thead>
            <tr>
              <th scope="col"><span className="sr">Metric</span></th>
              <th scope="col"><span className="sr">Value</span></th>
              <th scope="col" className="num">{confidence(metrics)}</th>
              <th scope="col" className="wide">
                <span className="ends"><span>{from.toFixed(1)}</span><span>1.0</span></span>
              </th>
            </tr>
          </thead>
        )}
        <tbody>
          {metrics.slice(0, METRICS_SHOWN).map((metric) => (
            <tr key={metric.name}>
              <th scope="row">{metric.name}</th>
              <td className="num"><b>{score(metric.value)}</b></td>
              <td className="num muted">
                {metric.lower != null && metric.upper != null && `${fixed(metric.lower)} – ${fixed(metric.upper)}`}
              </td>
              <td className="wide"><Interval metric={metric} from={from} /></td>
            </tr>
          ))}
        </tbody>
      </table>
      <ul className="gates">
        {evaluation.gates.map((gate, at) => (
          <li key={at} className={gate.passed ? 'good' : 'bad'} title={gate.message}>
            <span aria-hidden="true">{gate.passed ? '✓' : '✗'}</span>
            <span className="sr">{gate.passed ? 'passed' : 'failed'}: </span>
            {gate.metric} {gate.condition}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** "95 % interval" where all have the same. */
function confidence(metrics: EvaluatedMetric[]): string {
  const all = new Set(metrics.map((metric) => metric.confidence).filter((one) => one != null));
  return all.size === 1 ? `${percent([...all][0])} interval` : 'interval';
}
