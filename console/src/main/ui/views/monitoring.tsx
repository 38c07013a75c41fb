import { paths, type Monitored, type Page } from '../api';
import { ago, number, percent, pValue } from '../format';
import { useNow } from '../live';
import { Badge } from '../parts/badge';
import { Bar } from '../parts/charts';
import { Command, Panel } from '../parts/panel';
import { useResource } from '../resource';

const COLUMNS_SHOWN = 6;

/** How the rows that are scored compare with those of the training. */
export function Monitoring() {
  const monitoring = useResource<Page<Monitored>>(paths.monitoring, [
    'DriftDetected',
    'DriftResolved',
    'ModelDeployed',
  ]);
  const now = useNow();
  return (
    <Panel
      id="monitoring"
      title="Monitoring"
      resource={monitoring}
      isEmpty={(page) => page.items.length === 0}
      empty={
        <>
          <p>Nothing to watch: no model is served. Once one is, score some rows:</p>
          <Command>./millrace predict breast-cancer samples/breast-cancer.csv</Command>
        </>
      }
    >
      {(page) => (
        <ul className="cards">
          {page.items.map((one) => (
            <li key={`${one.environment}/${one.modelName}`}>
              <div className="row">
                <b>{one.environment}</b>
                <span className="cut">
                  {one.modelName} <span className="muted">v{one.version}</span>
                </span>
                <span className="push"><Badge status={one.status} /></span>
              </div>
              {one.lastWindow ? (
                <Window window={one.lastWindow} drifted={one.status === 'DRIFTED'} now={now} />
              ) : (
                <p className="muted small">
                  {one.status === 'COLLECTING'
                    ? 'The first window is filling.'
                    : 'No rows were scored in this environment yet.'}
                </p>
              )}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Window({
  window,
  drifted,
  now,
}: {
  window: NonNullable<Monitored['lastWindow']>;
  drifted: boolean;
  now: number;
}) {
  const columns = window.columns ?? [];
  const moved = columns.filter((column) => column.drifted);
  const worst = [...moved].sort((a, b) => b.psi - a.psi).slice(0, COLUMNS_SHOWN);
  return (
    <>
      <div className="row small">
        <span>
          {moved.length} of {columns.length} columns drifted
        </span>
        <Bar
          share={window.share}
          {...(window.shareThreshold != null ? { mark: window.shareThreshold } : {})}
          bad={drifted}
          label={`${percent(window.share)} of the columns drifted`}
        />
        <span className="muted push">
          {window.rows.toLocaleString('en')} rows, {ago(window.end, now)}
        </span>
      </div>
      {worst.length > 0 && (
        <table className="columns">
          <thead>
            <tr>
              <th scope="col">Column</th>
              <th scope="col">Test</th>
              <th scope="col" className="num">p, corrected</th>
              <th scope="col" className="num">PSI</th>
            </tr>
          </thead>
          <tbody>
            {worst.map((column) => (
              <tr key={column.column}>
                <th scope="row">{column.column}</th>
                <td className="muted">{column.test}</td>
                <td className="num">{pValue(column.adjustedPValue)}</td>
                <td className="num">{number(column.psi)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {moved.length > COLUMNS_SHOWN && (
        <p className="muted small">and {moved.length - COLUMNS_SHOWN} more</p>
      )}
    </>
  );
}
