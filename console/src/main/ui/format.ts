// Numbers, times and names as people read them.

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const DAY = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium', hourCycle: 'h23' });

export function clock(iso: string | null | undefined): string {
  return iso ? CLOCK.format(new Date(iso)) : '';
}

/** The time of day, with the day in front where that is not today. */
export function stamp(iso: string | null | undefined, now: number): string {
  if (!iso) {
    return '';
  }
  const at = new Date(iso);
  return at.toDateString() === new Date(now).toDateString()
    ? CLOCK.format(at)
    : `${DAY.format(at)} ${CLOCK.format(at).slice(0, 5)}`;
}

/** Everything about a moment, to show where somebody points at it. */
export function moment(iso: string | null | undefined): string {
  return iso ? MOMENT.format(new Date(iso)) : '';
}

export function ago(iso: string | null | undefined, now: number): string {
  if (!iso) {
    return '';
  }
  const seconds = Math.round((now - Date.parse(iso)) / 1000);
  if (seconds < 5) {
    return 'just now';
  }
  if (seconds < 60) {
    return `${seconds} s ago`;
  }
  if (seconds < 3600) {
    return `${Math.floor(seconds / 60)} min ago`;
  }
  if (seconds < 86_400) {
    return `${Math.floor(seconds / 3600)} h ago`;
  }
  return DAY.format(new Date(iso));
}

export function span(millis: number): string {
  if (millis < 0) {
    return '';
  }
  if (millis < 10_000) {
    return `${(millis / 1000).toFixed(1)} s`;
  }
  const seconds = Math.round(millis / 1000);
  if (seconds < 60) {
    return `${seconds} s`;
  }
  if (seconds < 3600) {
    return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  }
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

export function between(from: string | null | undefined, to: string | null | undefined): string {
  return from && to ? span(Date.parse(to) - Date.parse(from)) : '';
}

/** Four significant digits, without an exponent where that stays short. */
export function number(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) {
    return '–';
  }
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.0001 || size >= 1e7)) {
    return value.toExponential(1);
  }
  return size >= 1000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(4)));
}

/** Four decimals, so that scores line up below each other; as a number where that would be long. */
export function score(value: number): string {
  return Math.abs(value) < 10 ? value.toFixed(4) : number(value);
}

/** Three decimals, so that the ends of intervals line up. */
export function fixed(value: number): string {
  return Math.abs(value) < 100 ? value.toFixed(3) : number(value);
}

export function pValue(value: number | null | undefined): string {
  if (value === null || value === undefined) {
    return '–';
  }
  return value < 0.001 ? '< 0.001' : value.toFixed(3);
}

export function percent(share: number | null | undefined): string {
  return share === null || share === undefined ? '–' : `${Math.round(share * 100)} %`;
}

export function short(id: string): string {
  return id.length > 13 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id;
}

/** AWAITING_APPROVAL as people read it. */
export function words(constant: string): string {
  return constant.toLowerCase().replaceAll('_', ' ');
}
