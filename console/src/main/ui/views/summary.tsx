import type { Approval, Deployment, Flow, FlowStatus, Monitored } from '../api';
import type { Tone } from '../parts/badge';

const UNDER_WAY: readonly FlowStatus[] = ['REQUESTED', 'QUEUED', 'RUNNING', 'TRAINED', 'EVALUATED', 'PROMOTED'];
const ENDED_BADLY: readonly FlowStatus[] = ['REJECTED', 'FAILED', 'MODEL_REJECTED'];

interface SummaryProps {
  flows: Flow[] | undefined;
  approvals: Approval[] | undefined;
  deployments: Deployment[] | undefined;
  monitoring: Monitored[] | undefined;
}

/** The state of everything in five numbers, to be read from across the room. */
export function Summary({ flows, approvals, deployments, monitoring }: SummaryProps) {
  const drifted = monitoring?.filter((one) => one.status === 'DRIFTED').length;
  const badly = flows?.filter((flow) => ENDED_BADLY.includes(flow.status)).length;
  return (
    <dl className="summary" aria-label="Summary">
      <Figure
        name="under way"
        value={flows?.filter((flow) => UNDER_WAY.includes(flow.status)).length}
        tone="busy"
      />
      <Figure name="waiting for approval" value={approvals?.length} tone="held" />
      <Figure
        name="serving"
        value={deployments?.filter((one) => one.status === 'DEPLOYED').length}
        tone="good"
      />
      <Figure name="drifted" value={drifted} tone="bad" />
      <Figure
        name={flows && flows.length > 1 ? `of the last ${flows.length} requests ended badly` : 'ended badly'}
        value={badly}
        tone="bad"
      />
    </dl>
  );
}

/** A number; coloured only where there is something to say. */
function Figure({ name, value, tone }: { name: string; value: number | undefined; tone: Tone }) {
  return (
    <div className={value ? tone : 'none'}>
      <dt>{name}</dt>
      <dd>{value ?? '–'}</dd>
    </div>
  );
}
