// Something loaded from the gateway and kept fresh.

import { useCallback, useEffect, useRef, useState } from 'react';
import { get, Problem } from './api';
import type { EventType } from './events';
import { useEvents, useLive } from './live';

export interface Resource<T> {
  /** What was loaded last; stays while a newer load fails. */
  data: T | undefined;
  error: Problem | undefined;
  reload: () => void;
}

const SETTLE = 250;
const POLL = 20_000;

/**
 * Loads a path now, after each event of the given types, after every reconnect, and every 20 s.
 *
 * @param path null loads nothing
 */
export function useResource<T>(path: string | null, renewedBy: readonly EventType[]): Resource<T> {
  const { generation } = useLive();
  const [state, setState] = useState<{ path: string | null; data?: T; error?: Problem }>({ path });
  const running = useRef<AbortController | null>(null);
  const timer = useRef(0);

  const reload = useCallback(() => {
    running.current?.abort();
    if (path === null) {
      return;
    }
    const controller = new AbortController();
    running.current = controller;
    get<T>(path, controller.signal).then(
      (data) => setState({ path, data }),
      (failure: unknown) => {
        if (!controller.signal.aborted) {
          const error =
            failure instanceof Problem ? failure : new Problem(0, 'unexpected', String(failure));
          setState((before) =>
            before.path === path ? { ...before, error } : { path, error },
          );
        }
      },
    );
  }, [path]);

  useEffect(() => {
    reload();
    const poll = window.setInterval(() => {
      if (!document.hidden) {
        reload();
      }
    }, POLL);
    return () => {
      window.clearInterval(poll);
      window.clearTimeout(timer.current);
      timer.current = 0;
      running.current?.abort();
    };
  }, [reload, generation]);

  useEvents((event) => {
    // Events come in bursts: one load a quarter of a second is enough.
    if (renewedBy.includes(event.type) && timer.current === 0) {
      timer.current = window.setTimeout(() => {
        timer.current = 0;
        reload();
      }, SETTLE);
    }
  });

  const current = state.path === path;
  return {
    data: current ? state.data : undefined,
    error: current ? state.error : undefined,
    reload,
  };
}
