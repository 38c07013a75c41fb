import { paths, type Page, type Run } from '../api';
import { ago, between, number } from '../format';
import { useNow } from '../live';
import { Badge } from '../parts/badge';
import { Command, Panel } from '../parts/panel';
import { useResource } from '../resource';

const TELLING = ['validation.roc_auc', 'validation.accuracy', 'validation.rmse', 'validation.log_loss'];

/** The newest runs of all experiments. */
export function Runs() {
  const runs = useResource<Page<Run>>(paths.runs, [
    'RunQueued',
    'RunStarted',
    'MetricsLogged',
    'ModelTrained',
    'TrainingFailed',
    'RunEnded',
  ]);
  const now = useNow();
  return (
    <Panel
      id="runs"
      title="Runs"
      count={runs.data?.items.length}
      aside={
        <span className="muted small">
          MLflow clients log here: <code>{window.location.origin}</code>
        </span>
      }
      resource={runs}
      isEmpty={(page) => page.items.length === 0}
      empty={
        <>
          <p>No run yet. Start a training, or log one with any MLflow client:</p>
          <Command>{`export MLFLOW_TRACKING_URI=${window.location.origin}`}</Command>
        </>
      }
    >
      {(page) => (
        <div className="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Run</th>
                <th scope="col">Status</th>
                <th scope="col">Experiment</th>
                <th scope="col">Metrics</th>
                <th scope="col" className="num">Took</th>
                <th scope="col" className="num">Started</th>
              </tr>
            </thead>
            <tbody>
              {page.items.map((run) => (
                <tr key={run.runId}>
                  <th scope="row">
                    {run.name || <code>{run.runId.slice(0, 8)}</code>}
                  </th>
                  <td><Badge status={run.status} /></td>
                  <td>{run.experiment}</td>
                  <td>
                    <Metrics metrics={run.metrics ?? {}} />
                  </td>
                  <td className="num">{between(run.startedAt, run.endedAt)}</td>
                  <td className="num muted">{ago(run.startedAt, now)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

/** The most telling metrics, at most three. */
export function Metrics({ metrics }: { metrics: Record<string, number> }) {
  const rank = (key: string) => {
    const at = TELLING.indexOf(key);
    return at < 0 ? TELLING.length : at;
  };
  const keys = Object.keys(metrics)
    .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
    .slice(0, 3);
  return (
    <span className="values">
      {keys.map((key) => (
        <span key={key}>
          <span className="muted">{key.replace(/^validation\./, '')}</span> {number(metrics[key])}
        </span>
      ))}
    </span>
  );
}
