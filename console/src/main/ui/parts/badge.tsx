import { words } from '../format';

export type Tone = 'good' | 'busy' | 'held' | 'bad' | 'quiet';

const TONES: Record<string, Tone> = {
  DEPLOYED: 'good',
  FINISHED: 'good',
  PASSED: 'good',
  OK: 'good',
  UP: 'good',
  REQUESTED: 'busy',
  QUEUED: 'busy',
  RUNNING: 'busy',
  SCHEDULED: 'busy',
  TRAINED: 'busy',
  EVALUATED: 'busy',
  PROMOTED: 'busy',
  PENDING: 'busy',
  COLLECTING: 'busy',
  AWAITING_APPROVAL: 'held',
  REJECTED: 'bad',
  FAILED: 'bad',
  KILLED: 'bad',
  MODEL_REJECTED: 'bad',
  DRIFTED: 'bad',
  DOWN: 'bad',
  UNREACHABLE: 'bad',
};

export function toneOf(status: string): Tone {
  return TONES[status] ?? 'quiet';
}

/** A status: always a word, the colour only repeats it. */
export function Badge({ status, text }: { status: string; text?: string }) {
  return (
    <span className={`badge ${toneOf(status)}`}>
      <span className="dot" aria-hidden="true" />
      {text ?? words(status)}
    </span>
  );
}
