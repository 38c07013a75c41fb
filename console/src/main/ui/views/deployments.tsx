import type { Deployment, Page } from '../api';
import { people } from '../events';
import { ago } from '../format';
import { useNow } from '../live';
import { Badge } from '../parts/badge';
import { Command, Panel } from '../parts/panel';
import type { Resource } from '../resource';

const HOW: Record<string, string> = {
  APPROVAL: 'approved by',
  MANUAL: 'promoted by',
  ROLLBACK: 'rolled back by',
};

function how(deployment: Deployment): string {
  const verb = HOW[deployment.cause];
  return verb ? `${verb} ${people(deployment.by)}` : 'automatic';
}

/** What each environment serves, and which replica is how far. */
export function Deployments({ deployments }: { deployments: Resource<Page<Deployment>> }) {
  const now = useNow();
  return (
    <Panel
      id="deployments"
      title="Deployments"
      count={deployments.data?.items.length}
      resource={deployments}
      isEmpty={(page) => page.items.length === 0}
      empty={
        <>
          <p>Nothing is served. A model that passes its gates gets here by itself, or is sent:</p>
          <Command>./millrace run samples/breast-cancer.yaml --data samples/breast-cancer.csv</Command>
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
              <div className="row muted small">
                <span>
                  {how(one)} · revision {one.revision}
                </span>
                <time className="push" dateTime={one.decidedAt}>{ago(one.decidedAt, now)}</time>
              </div>
              {one.comment && <p className="quote">{one.comment}</p>}
              {one.message && <p className="trouble">{one.message}</p>}
              <ul className="replicas" aria-label={`Replicas of ${one.environment}`}>
                {(one.replicas ?? []).map((replica) => {
                  const current = replica.revision === one.revision && replica.outcome !== 'FAILED';
                  return (
                    <li
                      key={replica.replica}
                      className={current ? 'good' : replica.outcome === 'FAILED' ? 'bad' : 'held'}
                      title={`revision ${replica.revision}, ${ago(replica.at, now)}`}
                    >
                      <span className="dot" aria-hidden="true" />
                      {replica.replica}
                      {current ? (
                        <span className="sr"> serves this version</span>
                      ) : (
                        <span className="muted"> {replica.outcome === 'FAILED' ? 'failed' : `still v${replica.version}`}</span>
                      )}
                    </li>
                  );
                })}
                {(one.replicas ?? []).length === 0 && <li className="muted">no replica has answered yet</li>}
              </ul>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
