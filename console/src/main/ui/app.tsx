import { paths, type Approval, type Deployment, type Flow, type Monitored, type Page } from './api';
import { STEPS } from './events';
import { LiveContext, useEventStream } from './live';
import { useResource } from './resource';
import { Approvals } from './views/approvals';
import { Deployments } from './views/deployments';
import { EventFeed } from './views/event-feed';
import { Flows } from './views/flows';
import { Models } from './views/models';
import { Monitoring } from './views/monitoring';
import { Runs } from './views/runs';
import { Summary } from './views/summary';
import { Top } from './views/top';

export function App() {
  const live = useEventStream();
  return (
    <LiveContext value={live}>
      <Top />
      {live.connection === 'lost' && (
        <p className="lost" role="status">
          The event stream is interrupted. What is shown may be old; it goes on where it stopped as soon as the
          gateway answers. Is it still running? <code>./millrace status</code>
        </p>
      )}
      <Overview />
    </LiveContext>
  );
}

function Overview() {
  const flows = useResource<Page<Flow>>(paths.flows, STEPS);
  const approvals = useResource<Page<Approval>>(paths.approvals, ['ApprovalRequested', 'ApprovalAnswered', 'ApprovalWithdrawn', 'ModelPromoted', 'ModelRejected']);
  const deployments = useResource<Page<Deployment>>(paths.deployments, ['ModelPromoted', 'ModelDeployed', 'DeploymentFailed']);
  const monitoring = useResource<Page<Monitored>>(paths.monitoring, ['DriftDetected', 'DriftResolved', 'ModelDeployed']);
  return (
    <main>
      <Summary
        flows={flows.data?.items}
        approvals={approvals.data?.items}
        deployments={deployments.data?.items}
        monitoring={monitoring.data?.items}
      />
      <Approvals approvals={approvals} />
      <div className="work">
        <Flows flows={flows} />
        <Models deployments={deployments} />
        <EventFeed flows={flows} />
        <Runs />
      </div>
      <div className="serving">
        <Deployments deployments={deployments} />
        <Monitoring monitoring={monitoring} />
      </div>
    </main>
  );
}
