// Metric histories as they were logged: events carry only a sample of a long one.

import { useEffect, useRef, useState } from 'react';
import { get, paths, type MetricHistory } from './api';
import type { MetricPoint } from './events';
import { useEvents } from './live';

const PAUSE = 1000;

/**
 * The histories of a run's metrics by name, loaded now and again while the run logs, at most once a
 * second. What cannot be loaded is missing.
 */
export function useCurves(runId: string | null, keys: readonly string[]): ReadonlyMap<string, MetricPoint[]> {
  const wanted = keys.join('\n');
  const [curves, setCurves] = useState<ReadonlyMap<string, MetricPoint[]>>(new Map());
  const [round, setRound] = useState(0);
  const timer = useRef(0);
  useEvents((event) => {
    if (event.data?.runId === runId && (event.type === 'MetricsLogged' || event.type === 'ModelTrained') && timer.current === 0) {
      timer.current = window.setTimeout(() => {
        timer.current = 0;
        setRound((before) => before + 1);
      }, PAUSE);
    }
  });
  useEffect(
    () => () => {
      window.clearTimeout(timer.current);
      timer.current = 0;
    },
    [],
  );
  useEffect(() => {
    if (runId === null) {
      return undefined;
    }
    const controller = new AbortController();
    for (const key of wanted.split('\n').filter(Boolean)) {
      get<MetricHistory>(paths.metric(runId, key), controller.signal).then(
        (history) => setCurves((before) => new Map(before).set(key, inSteps(history))),
        () => {
          // The points of the events stay.
        },
      );
    }
    return () => controller.abort();
  }, [runId, wanted, round]);
  return curves;
}

/** One value a step, the last one logged. */
function inSteps(history: MetricHistory): MetricPoint[] {
  const bySteps = new Map<number, MetricPoint>();
  for (const { key, value, step, timestamp } of history.metrics ?? []) {
    bySteps.set(step, { key, value, step, timestamp: new Date(timestamp).toISOString() });
  }
  return [...bySteps.values()].sort((a, b) => a.step - b.step);
}
