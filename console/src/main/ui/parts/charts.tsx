import type { EvaluatedMetric, MetricPoint } from '../events';
import { number, percent } from '../format';

const WIDTH = 160;
const HEIGHT = 36;
const MOST_POINTS = 200;

/** A metric over its steps; the newest value is marked. */
export function Sparkline({ label, points }: { label: string; points: MetricPoint[] }) {
  const shown = thinned(points);
  const values = shown.map((point) => point.value);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const first = shown[0]?.step ?? 0;
  const range = (shown.at(-1)?.step ?? 0) - first || 1;
  const x = (point: MetricPoint) => 2 + ((point.step - first) / range) * (WIDTH - 6);
  const y = (point: MetricPoint) => HEIGHT - 4 - ((point.value - low) / (high - low || 1)) * (HEIGHT - 8);
  const line = shown.map((point) => `${x(point).toFixed(1)},${y(point).toFixed(1)}`).join(' ');
  const newest = shown.at(-1);
  return (
    <figure className="sparkline">
      <figcaption>
        <span title={label}>{label.replace(/^validation\./, '')}</span>
        <b>{number(newest?.value)}</b>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label}, ${points.length} values from ${number(points[0]?.value)} to ${number(newest?.value)}`}
      >
        <polyline points={line} vectorEffect="non-scaling-stroke" />
      </svg>
    </figure>
  );
}

/** Every n-th point, always with the newest. */
function thinned(points: MetricPoint[]): MetricPoint[] {
  const every = Math.ceil(points.length / MOST_POINTS);
  return points.filter((_, at) => (points.length - 1 - at) % every === 0);
}

/** A metric's estimate on its interval, between 0 and 1 where it lies there. */
export function Interval({ metric }: { metric: EvaluatedMetric }) {
  const lower = metric.lower ?? metric.value;
  const upper = metric.upper ?? metric.value;
  if (lower < 0 || upper > 1) {
    return null;
  }
  // The upper half is where scores live; a poor one still has its place.
  const from = lower >= 0.5 ? 0.5 : 0;
  const at = (value: number) => `${(((value - from) / (1 - from)) * 100).toFixed(2)}%`;
  const confidence = percent(metric.confidence ?? 0.95);
  return (
    <svg
      className="interval"
      role="img"
      aria-label={`${confidence} interval ${number(lower)} to ${number(upper)}`}
    >
      <title>{`${confidence} interval ${number(lower)} to ${number(upper)}`}</title>
      <line className="axis" x1="0" x2="100%" y1="50%" y2="50%" />
      <line className="range" x1={at(lower)} x2={at(upper)} y1="50%" y2="50%" />
      <circle cx={at(metric.value)} cy="50%" r="3.5" />
    </svg>
  );
}

/** A share of a whole, with an optional mark. */
export function Bar({ share, mark, label, bad }: { share: number; mark?: number; label: string; bad?: boolean }) {
  const width = `${Math.min(100, Math.max(0, share * 100)).toFixed(1)}%`;
  return (
    <svg className={bad ? 'bar bad' : 'bar'} role="img" aria-label={label}>
      <rect className="whole" width="100%" height="100%" rx="3" />
      <rect className="part" width={width} height="100%" rx="3" />
      {mark !== undefined && <line x1={`${mark * 100}%`} x2={`${mark * 100}%`} y1="0" y2="100%" />}
    </svg>
  );
}
