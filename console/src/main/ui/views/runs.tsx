import { Fragment, useState } from 'react';
import { counted, paths, type Page, type Run } from '../api';
import { useCurves } from '../curves';
import { between, number } from '../format';
import { useNow } from '../live';
import { Badge } from '../parts/badge';
import { Sparkline } from '../parts/charts';
import { Ago } from '../parts/moment';
import { Command, Panel } from '../parts/panel';
import { useResource } from '../resource';

const TELLING = ['validation.roc_auc', 'validation.accuracy', 'validation.rmse', 'validation.log_loss'];
const CURVES_SHOWN = 6;

/** The newest runs of all experiments. */
export function Runs() {
  const runs = useResource<Page<Run>>(paths.runs, [
    'RunQueued',
    'RunStarted',
    'MetricsLogged',
    'ModelTrained',
    'TrainingFailed',
    'RunEnded',
    'RunRecovered',
    'RunPurged',
    'RunCreated',
    'RunUpdated',
    'RunDeleted',
    'RunRestored',
    'ExperimentRenamed',
    'ExperimentDeleted',
    'ExperimentRestored',
  ]);
  const now = useNow();
  const [open, setOpen] = useState<string | null>(null);
  return (
    <Panel
      id="runs"
      title="Runs"
      count={counted(runs.data)}
      aside={
        <span className="muted small cut">
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
                <th scope="col" className="minor">Experiment</th>
                <th scope="col">Metrics</th>
                <th scope="col" className="num minor">Took</th>
                <th scope="col" className="num minor">Started</th>
              </tr>
            </thead>
            <tbody>
              {page.items.map((run) => (
                <Fragment key={run.runId}>
                  <tr>
                    <th scope="row">
                      <button
                        type="button"
                        className="name"
                        aria-expanded={open === run.runId}
                        onClick={() => setOpen(open === run.runId ? null : run.runId)}
                      >
                        {run.name || <code>{run.runId.slice(0, 8)}</code>}
                      </button>
                    </th>
                    <td><Badge status={run.status} /></td>
                    <td className="minor">{run.experiment}</td>
                    <td>
                      <Metrics metrics={run.metrics ?? {}} />
                    </td>
                    <td className="num minor">{between(run.startedAt, run.endedAt)}</td>
                    <td className="num muted minor"><Ago at={run.startedAt} now={now} /></td>
                  </tr>
                  {open === run.runId && (
                    <tr className="opened">
                      <td colSpan={6}><RunDetails run={run} /></td>
                    </tr>
                  )}
                </Fragment>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

/** The curves and parameters of one run. */
function RunDetails({ run }: { run: Run }) {
  const keys = telling(run.metrics ?? {}).slice(0, CURVES_SHOWN);
  const curves = useCurves(run.runId, keys);
  const params = Object.entries(run.params ?? {});
  const drawn = keys.filter((key) => (curves.get(key)?.length ?? 0) > 1);
  return (
    <div>
      {drawn.length > 0 && (
        <div className="sparklines">
          {drawn.map((key) => (
            <Sparkline key={key} label={key} points={curves.get(key) ?? []} />
          ))}
        </div>
      )}
      {params.length > 0 && (
        <dl className="params">
          {params.map(([key, value]) => (
            <div key={key}>
              <dt>{key}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      )}
      <p className="muted small">
        Run <code>{run.runId}</code>
      </p>
    </div>
  );
}

function telling(metrics: Record<string, number>): string[] {
  const rank = (key: string) => {
    const at = TELLING.indexOf(key);
    return at < 0 ? TELLING.length : at;
  };
  return Object.keys(metrics).sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

/** The most telling metrics, at most three. */
export function Metrics({ metrics }: { metrics: Record<string, number> }) {
  return (
    <span className="values">
      {telling(metrics).slice(0, 3).map((key) => (
        <span key={key}>
          <span className="muted">{key.replace(/^validation\./, '')}</span> {number(metrics[key])}
        </span>
      ))}
    </span>
  );
}
