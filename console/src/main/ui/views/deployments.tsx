import { useState, type ReactNode } from 'react';
import { counted, paths, type Decision, type Deployment, type Page } from '../api';
import { people } from '../events';
import { words } from '../format';
import { useNow } from '../live';
import { Badge } from '../parts/badge';
import { Ago } from '../parts/moment';
import { Command, Panel } from '../parts/panel';
import { useResource, type Resource } from '../resource';

const HOW: Record<string, string> = {
  APPROVAL: 'approved by',
  MANUAL: 'promoted by',
  ROLLBACK: 'rolled back by',
};

function how({ cause, by }: { cause: string; by?: string | string[] | null }): string {
  const verb = HOW[cause];
  return verb ? `${verb} ${people(by)}` : 'automatic';
}

/** What each environment serves, which replica is how far, and what was served before. */
export function Deployments({ deployments }: { deployments: Resource<Page<Deployment>> }) {
  const now = useNow();
  return (
    <Panel
      id="deployments"
      title="Deployments"
      count={counted(deployments.data)}
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
              {one.comment && <p className="quote">{one.comment}</p>}
              {one.message && <p className="trouble">{one.message}</p>}
              <History deployment={one} now={now}>
                <ul className="replicas" aria-label={`Replicas of ${one.environment}`}>
                  {(one.replicas ?? []).map((replica) => (
                    <ReplicaState key={replica.replica} replica={replica} revision={one.revision} />
                  ))}
                  {(one.replicas ?? []).length === 0 && <li className="muted">no replica has answered yet</li>}
                </ul>
              </History>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function ReplicaState({ replica, revision }: { replica: Deployment['replicas'][number]; revision: number }) {
  const failed = replica.outcome === 'FAILED';
  const current = replica.revision === revision && !failed;
  return (
    <li className={current ? 'good' : failed ? 'bad' : 'held'} title={`revision ${replica.revision}`}>
      <span className="dot" aria-hidden="true" />
      {replica.replica}
      {current ? (
        <span className="sr"> serves this version</span>
      ) : (
        <span className="muted"> {failed ? 'failed' : `still v${replica.version}`}</span>
      )}
    </li>
  );
}

/** Beside its children how this revision came, and its number, which shows what was served before, newest first. */
function History({ deployment, now, children }: { deployment: Deployment; now: number; children: ReactNode }) {
  const [open, setOpen] = useState(false);
  const history = useResource<Page<Decision>>(
    open ? paths.decisions(deployment.environment, deployment.modelName) : null,
    ['ModelPromoted', 'ModelDeployed', 'DeploymentFailed'],
  );
  return (
    <>
      <div className="row small foot">
        {children}
        <span className="muted push">
          {how(deployment)}, <Ago at={deployment.decidedAt} now={now} />
        </span>
        <button type="button" className="name" aria-expanded={open} onClick={() => setOpen(!open)}>
          revision {deployment.revision}
        </button>
      </div>
      {open && (
        <ol className="history" aria-label={`Revisions of ${deployment.environment}, newest first`}>
          {history.error && <li className="trouble">{history.error.message}</li>}
          {(history.data?.items ?? []).map((decision) => (
            <li key={decision.revision}>
              <span className="muted">{decision.revision}</span>
              <b>v{decision.version}</b>
              <span title={decision.comment ?? undefined}>
                {how(decision)}
                {decision.outcome && decision.outcome !== 'DEPLOYED' && (
                  <span className="bad tone"> {words(decision.outcome)}</span>
                )}
                {decision.comment && <span className="muted"> “{decision.comment}”</span>}
              </span>
              <Ago className="muted" at={decision.decidedAt} now={now} />
            </li>
          ))}
        </ol>
      )}
    </>
  );
}
