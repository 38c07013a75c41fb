// The event stream: one connection for the whole page, resumed where it was broken off.

import { createContext, useContext, useEffect, useRef, useState } from 'react';
import { paths } from './api';
import { EVENT_TYPES, type FlowEvent } from './events';

export type Connection = 'connecting' | 'live' | 'lost';

type Listener = (event: FlowEvent) => void;

const LONGEST_PAUSE = 15_000;

/**
 * Follows the stream until it is closed. The browser resumes a broken connection itself with
 * Last-Event-ID; where it gives up, because the answer was an error, a new connection is opened
 * after the last event seen, with growing pauses.
 */
export class EventStream {
  private readonly listeners = new Set<Listener>();
  private source: EventSource | null = null;
  private lastSeq: number | null = null;
  private pause = 500;
  private timer = 0;

  constructor(private readonly onState: (state: Connection) => void) {}

  open(): void {
    const query = this.lastSeq === null ? '' : `?after=${this.lastSeq}`;
    const source = new EventSource(paths.events + query);
    this.source = source;
    source.onopen = () => {
      this.pause = 500;
      this.onState('live');
    };
    source.onerror = () => {
      this.onState('lost');
      if (source.readyState === EventSource.CLOSED) {
        window.clearTimeout(this.timer);
        this.timer = window.setTimeout(() => this.open(), this.pause);
        this.pause = Math.min(this.pause * 2, LONGEST_PAUSE);
      }
    };
    for (const type of EVENT_TYPES) {
      source.addEventListener(type, (message) => this.receive(message as MessageEvent<string>));
    }
  }

  close(): void {
    window.clearTimeout(this.timer);
    this.source?.close();
  }

  /** Calls the listener for every event from now on; returns how to stop that. */
  subscribe(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  private receive(message: MessageEvent<string>): void {
    let event: FlowEvent;
    try {
      event = JSON.parse(message.data) as FlowEvent;
    } catch {
      return;
    }
    this.lastSeq = event.seq;
    for (const listener of this.listeners) {
      listener(event);
    }
  }
}

export interface Live {
  stream: EventStream | null;
  connection: Connection;
  /** Grows with every new connection: what was loaded before it may be stale. */
  generation: number;
}

export const LiveContext = createContext<Live>({ stream: null, connection: 'connecting', generation: 0 });

export function useLive(): Live {
  return useContext(LiveContext);
}

/** Opens the stream for the life of the page. */
export function useEventStream(): Live {
  const [live, setLive] = useState<Live>({ stream: null, connection: 'connecting', generation: 0 });
  useEffect(() => {
    const stream = new EventStream((connection) =>
      setLive((before) =>
        before.connection === connection
          ? before
          : {
              stream,
              connection,
              generation: before.generation + (connection === 'live' ? 1 : 0),
            },
      ),
    );
    setLive((before) => ({ ...before, stream }));
    stream.open();
    return () => stream.close();
  }, []);
  return live;
}

/** Calls the listener, always the newest one, for every event. */
export function useEvents(listener: Listener): void {
  const { stream } = useLive();
  const newest = useRef(listener);
  useEffect(() => {
    newest.current = listener;
  });
  useEffect(() => stream?.subscribe((event) => newest.current(event)), [stream]);
}

/** The time, renewed often enough for "12 s ago". */
export function useNow(every = 5000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), every);
    return () => window.clearInterval(timer);
  }, [every]);
  return now;
}
