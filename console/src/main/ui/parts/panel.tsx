import type { ReactNode } from 'react';
import type { Resource } from '../resource';

interface PanelProps<T> {
  id: string;
  title: string;
  /** How many there are, such as 12 or "12+"; left out while unknown. */
  count?: number | string | undefined;
  aside?: ReactNode;
  resource: Resource<T>;
  /** What to show instead of nothing, and what to do about it. */
  empty: ReactNode;
  isEmpty: (data: T) => boolean;
  children: (data: T) => ReactNode;
}

/** A part of the page in each of its states: loading, failing, stale, empty, full. */
export function Panel<T>({ id, title, count, aside, resource, empty, isEmpty, children }: PanelProps<T>) {
  const { data, error } = resource;
  return (
    <section className="panel" id={id} aria-labelledby={`${id}-title`} aria-busy={data === undefined && !error}>
      <header>
        <h2 id={`${id}-title`}>
          {title}
          {count !== undefined && count !== 0 && <span className="count">{count}</span>}
        </h2>
        {aside}
      </header>
      {error && (
        <p className="trouble" role="status">
          {error.message} {data === undefined ? 'Trying again.' : 'Shown is what was known before.'}{' '}
          <button type="button" className="link" onClick={resource.reload}>
            Try now
          </button>
        </p>
      )}
      {data === undefined
        ? !error && <Skeleton />
        : isEmpty(data)
          ? <div className="empty">{empty}</div>
          : children(data)}
    </section>
  );
}

function Skeleton() {
  return (
    <div className="skeleton" aria-label="Loading">
      <span />
      <span />
      <span />
    </div>
  );
}

/** A command to type, in an empty state. */
export function Command({ children }: { children: string }) {
  return <code className="command">{children}</code>;
}
