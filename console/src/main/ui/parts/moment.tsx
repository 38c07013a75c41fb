import { ago, moment, stamp } from '../format';

/** How long ago something was; the moment itself where somebody points at it. */
export function Ago({ at, now, className }: { at: string | null | undefined; now: number; className?: string }) {
  return at ? (
    <time className={className} dateTime={at} title={moment(at)}>{ago(at, now)}</time>
  ) : null;
}

/** When something was, by the clock. */
export function At({ at, now }: { at: string; now: number }) {
  return <time dateTime={at} title={moment(at)}>{stamp(at, now)}</time>;
}
