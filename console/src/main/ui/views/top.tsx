import { useState } from 'react';
import { paths, type PlatformStatus } from '../api';
import { summary } from '../events';
import { useEvents, useLive } from '../live';
import { toneOf } from '../parts/badge';
import { useResource } from '../resource';

const CONNECTION = {
  connecting: { tone: 'busy', text: 'Connecting' },
  live: { tone: 'good', text: 'Live' },
  lost: { tone: 'bad', text: 'Reconnecting' },
} as const;

const WORTH_SAYING = new Set(['ModelDeployed', 'TrainingFailed', 'TrainingRejected', 'ApprovalRequested', 'ModelRejected', 'DriftDetected', 'DriftResolved']);

/** The line at the top: where one is, whether the page is live, and how the services are. */
export function Top() {
  const { connection } = useLive();
  const status = useResource<PlatformStatus>(paths.status, []);
  const [said, setSaid] = useState('');
  useEvents((event) => {
    if (WORTH_SAYING.has(event.type)) {
      setSaid(`${event.type}: ${summary(event)}`);
    }
  });
  const state = CONNECTION[connection];
  const services = status.data?.services ?? [];
  const down = services.filter((service) => service.status !== 'UP');
  return (
    <header className="top">
      <h1>
        <Wheel turning={connection === 'live'} />
        Millrace
      </h1>
      <nav aria-label="Parts of this page">
        <a href="#flows">Flows</a>
        <a href="#models">Models</a>
        <a href="#events">Events</a>
        <a href="#runs">Runs</a>
        <a href="#deployments">Deployments</a>
        <a href="#monitoring">Monitoring</a>
      </nav>
      {services.length > 0 && (
        <ul className="services" aria-label="Services">
          {services.map((service) => (
            <li key={service.name} className={toneOf(service.status)} title={`${service.name}: ${service.status.toLowerCase()}`}>
              <span className="dot" aria-hidden="true" />
              <span className="sr">{service.name} {service.status.toLowerCase()}</span>
            </li>
          ))}
          <li className="muted">
            {down.length === 0 ? `${services.length} services up` : `down: ${down.map((one) => one.name).join(', ')}`}
          </li>
        </ul>
      )}
      <span className={`badge ${state.tone}`} role="status">
        <span className="dot" aria-hidden="true" />
        {state.text}
      </span>
      <Theme />
      <p className="sr" aria-live="polite">{said}</p>
    </header>
  );
}

/** A mill wheel, which turns while water, or events, can flow. */
function Wheel({ turning }: { turning: boolean }) {
  return (
    <svg className={turning ? 'wheel turning' : 'wheel'} viewBox="0 0 24 24" aria-hidden="true">
      <circle cx="12" cy="12" r="7" />
      <circle cx="12" cy="12" r="1.4" />
      <path d="M12 2v8M12 14v8M2 12h8M14 12h8M4.9 4.9l5.5 5.5M13.6 13.6l5.5 5.5M4.9 19.1l5.5-5.5M13.6 10.4l5.5-5.5" />
    </svg>
  );
}

const THEMES = ['auto', 'light', 'dark'] as const;
type ThemeName = (typeof THEMES)[number];

function Theme() {
  const [theme, setTheme] = useState<ThemeName>(() => {
    const kept = localStorage.getItem('millrace.theme') as ThemeName | null;
    const name = kept && THEMES.includes(kept) ? kept : 'auto';
    document.documentElement.dataset['theme'] = name;
    return name;
  });
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'auto';
  return (
    <button
      type="button"
      className="plain"
      title={`Colours: ${theme}. Press for ${next}.`}
      onClick={() => {
        localStorage.setItem('millrace.theme', next);
        document.documentElement.dataset['theme'] = next;
        setTheme(next);
      }}
    >
      <span aria-hidden="true">{theme === 'auto' ? '◐' : theme === 'light' ? '☀' : '☾'}</span>
      <span className="sr">Colours: {theme}</span>
    </button>
  );
}
