import { paths, type Deployment, type Page } from './api';
import { LiveContext, useEventStream } from './live';
import { useResource } from './resource';
import { Approvals } from './views/approvals';
import { Deployments } from './views/deployments';
import { EventFeed } from './views/event-feed';
import { Flows } from './views/flows';
import { Models } from './views/models';
import { Monitoring } from './views/monitoring';
import { Runs } from './views/runs';
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
  const deployments = useResource<Page<Deployment>>(paths.deployments, [
    'ModelPromoted',
    'ModelDeployed',
    'DeploymentFailed',
  ]);
  return (
    <main>
      <Approvals />
      <div className="work">
        <Flows />
        <Models deployments={deployments} />
        <EventFeed />
        <Runs />
      </div>
      <div className="serving">
        <Deployments deployments={deployments} />
        <Monitoring />
      </div>
    </main>
  );
}
