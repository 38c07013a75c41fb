import { paths, type Monitored, type MonitoredWindow, type Page } from '../api';
import { clock, number, percent, pValue, words } from '../format';
import { useNow } from '../live';
import { Badge } from '../parts/badge';
import { Bar } from '../parts/charts';
import { Ago } from '../parts/moment';
import { Command, Panel } from '../parts/panel';
import { useResource, type Resource } from '../resource';

const COLUMNS_SHOWN = 6;

/** How the rows that are scored compare with those of the training. */
export function Monitoring({ monitoring }: { monitoring: Resource<Page<Monitored>> }) {
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
          {worstFirst(page.items).map((one) => (
            <li key={`${one.environment}/${one.modelName}`}>
              <div className="row">
                <b>{one.environment}</b>
                <span className="cut">
                  {one.modelName} <span className="muted">v{one.version}</span>
                </span>
                <span className="push">
                  <Badge status={one.status} {...(one.status === 'NO_DATA' ? { text: 'no rows yet' } : {})} />
                </span>
              </div>
              {one.note && <p className="quote">{one.note}</p>}
              {one.lastWindow ? (
                <>
                  <Past monitored={one} />
                  <Window window={one.lastWindow} now={now} />
                </>
              ) : (
                one.collectedRows > 0 && (
                  <p className="muted small">
                    The first window is filling: {one.collectedRows.toLocaleString('en')} rows so far.
                  </p>
                )
              )}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

/** What needs somebody comes first, what was never asked anything last. */
function worstFirst(items: Monitored[]): Monitored[] {
  const rank = { DRIFTED: 0, OK: 1, COLLECTING: 2, NO_DATA: 3 };
  return [...items].sort((a, b) => rank[a.status] - rank[b.status]);
}

/** The windows so far as columns: how much of the data had drifted in each. */
function Past({ monitored }: { monitored: Monitored }) {
  const windows = useResource<Page<MonitoredWindow>>(
    paths.windows(monitored.environment, monitored.modelName),
    ['DriftDetected', 'DriftResolved'],
  );
  const closed = (windows.data?.items ?? []).filter((window) => window.state === 'CLOSED').reverse();
  if (closed.length < 2) {
    return null;
  }
  return (
    <ol className="windows" aria-label="Windows, oldest first">
      {closed.map((window) => {
        const share = window.share ?? 0;
        const text = `${clock(window.start)} to ${clock(window.end)}, ${window.rows} rows: ${
          window.share == null ? words(window.verdict ?? 'no verdict') : `${percent(share)} of the columns drifted`
        }`;
        const tone = window.verdict === 'DRIFTED' ? 'bad' : window.verdict === 'OK' ? 'good' : 'quiet';
        return (
          <li key={`${window.revision}/${window.number}`} className={tone} title={text}>
            <svg aria-hidden="true">
              <rect width="100%" height={`${Math.max(8, share * 100)}%`} y={`${100 - Math.max(8, share * 100)}%`} rx="1.5" />
            </svg>
            <span className="sr">{text}</span>
          </li>
        );
      })}
    </ol>
  );
}

function Window({ window, now }: { window: MonitoredWindow; now: number }) {
  const columns = window.columns ?? [];
  const moved = columns.filter((column) => column.drifted);
  const worst = [...moved].sort((a, b) => (b.psi ?? 0) - (a.psi ?? 0)).slice(0, COLUMNS_SHOWN);
  const compared = window.share != null;
  return (
    <>
      <div className="row small">
        <span>
          {compared ? `${moved.length} of ${columns.length} columns drifted` : words(window.verdict ?? 'filling')}
        </span>
        {compared && (
          <Bar
            share={window.share ?? 0}
            bad={window.verdict === 'DRIFTED'}
            label={`${percent(window.share)} of the columns drifted`}
          />
        )}
        <span className="muted push">
          {window.rows.toLocaleString('en')} rows, <Ago at={window.end} now={now} />
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
