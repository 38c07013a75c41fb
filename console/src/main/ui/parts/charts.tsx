import type { EvaluatedMetric, MetricPoint } from '../events';
import { number, percent } from '../format';

const WIDTH = 160;
const HEIGHT = 36;
const MOST_POINTS = 200;

/** A metric over its steps; the newest value is written beside its name. */
export function Sparkline({ label, points }: { label: string; points: MetricPoint[] }) {
  const shown = thinned(points);
  const values = shown.map((point) => point.value);
  const low = Math.min(...values);
  const high = Math.max(...values);
  const first = shown[0]?.step ?? 0;
  const range = (shown.at(-1)?.step ?? 0) - first || 1;
  const x = (point: MetricPoint) => 2 + ((point.step - first) / range) * (WIDTH - 6);
  // A metric that never moves is a line in the middle, not one at the bottom.
  const y = (point: MetricPoint) =>
    high === low ? HEIGHT / 2 : HEIGHT - 4 - ((point.value - low) / (high - low)) * (HEIGHT - 8);
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
        <title>{`${points.length} values, ${number(low)} to ${number(high)}`}</title>
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

const LESS_IS_BETTER = /loss|brier|error|rmse|mae|mape|mse/;

/** Whether a metric is a score between 0 and 1 of which more is better: those share an axis. */
function isScore(metric: EvaluatedMetric): boolean {
  return (
    !LESS_IS_BETTER.test(metric.name) &&
    (metric.lower ?? metric.value) >= 0 &&
    (metric.upper ?? metric.value) <= 1
  );
}

/** Where an axis up to 1 must begin to hold all the scores with their intervals; null if there are none. */
export function axisFrom(metrics: EvaluatedMetric[]): number | null {
  const lowest = Math.min(...metrics.filter(isScore).map((metric) => metric.lower ?? metric.value));
  return Number.isFinite(lowest) ? Math.max(0, Math.min(0.9, Math.floor(lowest * 10 - 0.001) / 10)) : null;
}

/** A score's estimate with its interval on an axis from `from` to 1; nothing for what is no score. */
export function Interval({ metric, from }: { metric: EvaluatedMetric; from: number | null }) {
  if (from === null || !isScore(metric)) {
    return null;
  }
  const lower = metric.lower ?? metric.value;
  const upper = metric.upper ?? metric.value;
  const at = (value: number) => `${(((value - from) / (1 - from)) * 100).toFixed(2)}%`;
  const text = `${percent(metric.confidence ?? 0.95)} interval ${number(lower)} to ${number(upper)}`;
  return (
    <svg className="interval" role="img" aria-label={text}>
      <title>{text}</title>
      <line className="axis" x1="0" x2="100%" y1="50%" y2="50%" />
      <line className="range" x1={at(lower)} x2={at(upper)} y1="50%" y2="50%" />
      <circle cx={at(metric.value)} cy="50%" r="3.5" />
    </svg>
  );
}

/** A share of a whole. */
export function Bar({ share, label, bad }: { share: number; label: string; bad?: boolean }) {
  const width = `${Math.min(100, Math.max(0, share * 100)).toFixed(1)}%`;
  return (
    <svg className={bad ? 'bar bad' : 'bar'} role="img" aria-label={label}>
      <rect className="whole" width="100%" height="100%" rx="3" />
      <rect className="part" width={width} height="100%" rx="3" />
    </svg>
  );
}
