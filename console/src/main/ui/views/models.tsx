import { useEffect, useRef, useState } from 'react';
import { counted, get, paths, type Deployment, type Evaluation, type Model, type Page } from '../api';
import { score } from '../format';
import type { EvaluatedMetric } from '../events';
import { useEvents, useLive, useNow } from '../live';
import { Badge } from '../parts/badge';
import { axisFrom, Interval } from '../parts/charts';
import { Ago } from '../parts/moment';
import { Command, Panel } from '../parts/panel';
import { useResource, type Resource } from '../resource';
import { Metrics } from './runs';

const VERSIONS_SHOWN = 4;
const USUALLY_EVALUATED = 10_000;

/** Registered models, the verdicts on their versions, and where each is served. */
export function Models({ deployments }: { deployments: Resource<Page<Deployment>> }) {
  const models = useResource<Page<Model>>(paths.models, [
    'ModelVersionCreated',
    'ModelVersionDeleted',
    'RegisteredModelCreated',
    'RegisteredModelDeleted',
    'RegisteredModelRenamed',
    'ModelEvaluated',
  ]);
  const now = useNow();
  const evaluations = useEvaluations(models.data?.items ?? [], now);
  const mains = new Map([...evaluations].map(([key, evaluation]) => [key, mainMetric(evaluation)]));
  const from = axisFrom([...mains.values()].filter((metric) => metric !== undefined));
  return (
    <Panel
      id="models"
      title="Models"
      count={counted(models.data)}
      resource={models}
      isEmpty={(page) => page.items.length === 0}
      empty={
        <>
          <p>No model is registered. A training that ends well registers one:</p>
          <Command>./millrace run samples/breast-cancer.yaml --data samples/breast-cancer.csv</Command>
        </>
      }
    >
      {(page) => (
        <div className="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Model</th>
                <th scope="col">Verdict</th>
                <th scope="col">Held-out</th>
                <th scope="col" className="wide minor">
                  {from !== null && <span className="ends"><span>{from.toFixed(1)}</span><span>1.0</span></span>}
                </th>
                <th scope="col">Serves in</th>
                <th scope="col" className="num minor">Registered</th>
              </tr>
            </thead>
            <tbody>
              {page.items.flatMap((model) =>
                newestFirst(model).map((version, at) => {
                  const evaluation = evaluations.get(`${model.name}/${version.version}`);
                  const main = mains.get(`${model.name}/${version.version}`);
                  const environments = (deployments.data?.items ?? []).filter(
                    (one) => one.modelName === model.name && one.version === version.version,
                  );
                  return (
                    <tr key={`${model.name}/${version.version}`}>
                      <th scope="row" className={at === 0 ? undefined : 'older'}>
                        <span className={at === 0 ? undefined : 'sr'}>{model.name} </span>
                        <span className="muted">v{version.version}</span>
                      </th>
                      <td>
                        {evaluation?.verdict ? <Badge status={evaluation.verdict} /> : <span className="muted">none</span>}
                      </td>
                      {main ? (
                        <>
                          <td>
                            <span className="muted">{main.name}</span> <b>{score(main.value)}</b>
                          </td>
                          <td className="wide minor"><Interval metric={main} from={from} /></td>
                        </>
                      ) : (
                        <td colSpan={2}><Metrics metrics={version.metrics ?? {}} /></td>
                      )}
                      <td>
                        <span className="chips">
                          {environments.map((one) => (
                            <span key={one.environment} className="chip">{one.environment}</span>
                          ))}
                        </span>
                      </td>
                      <td className="num muted minor"><Ago at={version.createdAt} now={now} /></td>
                    </tr>
                  );
                }),
              )}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

/** What the gates decide by, else what the evaluation names first. */
function mainMetric(evaluation: Evaluation): EvaluatedMetric | undefined {
  const gated = evaluation.gates?.[0]?.metric;
  return evaluation.metrics?.find((metric) => metric.name === gated) ?? evaluation.metrics?.[0];
}

function newestFirst(model: Model) {
  return [...(model.versions ?? [])].sort((a, b) => b.version - a.version).slice(0, VERSIONS_SHOWN);
}

/** Evaluations of the shown versions. A new version's is asked for once it was announced, or should be there by now. */
function useEvaluations(models: Model[], now: number): Map<string, Evaluation> {
  const { generation } = useLive();
  const [found, setFound] = useState(new Map<string, Evaluation>());
  const [round, setRound] = useState(0);
  const announced = useRef(new Map<string, 'created' | 'evaluated'>());
  useEvents((event) => {
    const key = `${event.data?.modelName}/${event.data?.version}`;
    if (event.type === 'ModelVersionCreated' && !announced.current.has(key)) {
      announced.current.set(key, 'created');
    }
    if (event.type === 'ModelEvaluated') {
      announced.current.set(key, 'evaluated');
      setRound((before) => before + 1);
    }
  });
  const isDue = (key: string, createdAt: string) => {
    const known = announced.current.get(key);
    return known === undefined ? now - Date.parse(createdAt) > USUALLY_EVALUATED : known === 'evaluated';
  };
  const wanted = models
    .slice(0, 10)
    .flatMap((model) =>
      // What an MLflow client registered by itself has no request, and no evaluation.
      newestFirst(model)
        .filter((version) => version.requestId && isDue(`${model.name}/${version.version}`, version.createdAt))
        .map((version) => `${model.name}/${version.version}`),
    )
    .filter((key) => !found.has(key))
    .join('\n');
  useEffect(() => {
    const controller = new AbortController();
    for (const key of wanted.split('\n').filter(Boolean)) {
      const cut = key.lastIndexOf('/');
      get<Evaluation>(paths.evaluation(key.slice(0, cut), Number(key.slice(cut + 1))), controller.signal).then(
        (evaluation) => setFound((before) => new Map(before).set(key, evaluation)),
        () => {
          // Not evaluated yet, or the worker is away: the row shows the training's metrics.
        },
      );
    }
    return () => controller.abort();
  }, [wanted, round, generation]);
  return found;
}
