import { useState, type FormEvent } from 'react';
import { decide, Problem, type Approval, type Page } from '../api';
import type { Resource } from '../resource';

const NAME_KEY = 'millrace.name';

/** Promotions that wait for people; nothing at all where none does. */
export function Approvals({ approvals }: { approvals: Resource<Page<Approval>> }) {
  const waiting = approvals.data?.items ?? [];
  if (waiting.length === 0) {
    return null;
  }
  return (
    <section className="approvals" aria-labelledby="approvals-title">
      <h2 id="approvals-title">
        {waiting.length === 1 ? 'A promotion waits' : `${waiting.length} promotions wait`} for approval
      </h2>
      {waiting.map((approval) => (
        <Decision key={approval.approvalId} approval={approval} onDecided={approvals.reload} />
      ))}
    </section>
  );
}

function Decision({ approval, onDecided }: { approval: Approval; onDecided: () => void }) {
  const [name, setName] = useState(() => localStorage.getItem(NAME_KEY) ?? '');
  const [comment, setComment] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  const given = approval.decisions?.length ?? 0;

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const pressed = (event.nativeEvent as SubmitEvent).submitter as HTMLButtonElement | null;
    const decision = pressed?.value === 'reject' ? 'reject' : 'approve';
    if (name.trim() === '') {
      setError('Say who you are first: the decision is kept with your name.');
      return;
    }
    setBusy(true);
    setError('');
    try {
      localStorage.setItem(NAME_KEY, name.trim());
      await decide(approval.approvalId, decision, name.trim(), comment.trim());
      onDecided();
    } catch (failure) {
      setError(failure instanceof Problem ? failure.message : String(failure));
    } finally {
      setBusy(false);
    }
  }

  const id = `approval-${approval.approvalId}`;
  return (
    <form onSubmit={submit} aria-labelledby={`${id}-what`}>
      <p id={`${id}-what`}>
        <b>{approval.modelName} v{approval.version}</b> to <b>{approval.environment}</b>
        <span className="muted">
          {' '}asked for by {approval.requestedBy}, {given} of {approval.approvers} approved
        </span>
      </p>
      <label>
        <span className="sr">Your name</span>
        <input
          value={name}
          onChange={(change) => setName(change.target.value)}
          placeholder="Your name"
          autoComplete="name"
          maxLength={100}
          aria-describedby={error ? `${id}-error` : undefined}
        />
      </label>
      <label className="grow">
        <span className="sr">Comment</span>
        <input
          value={comment}
          onChange={(change) => setComment(change.target.value)}
          placeholder="Comment, kept with the decision"
          maxLength={1000}
        />
      </label>
      <button type="submit" value="approve" className="primary" disabled={busy}>Approve</button>
      <button type="submit" value="reject" disabled={busy}>Refuse</button>
      {error && <p id={`${id}-error`} className="trouble" role="alert">{error}</p>}
    </form>
  );
}
