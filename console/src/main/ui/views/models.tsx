import { useEffect, useState } from 'react';
import { get, paths, type Deployment, type Evaluation, type Model, type Page } from '../api';
import { ago, number } from '../format';
import { useEvents, useLive, useNow } from '../live';
import { Badge } from '../parts/badge';
import { Interval } from '../parts/charts';
import { Command, Panel } from '../parts/panel';
import { useResource, type Resource } from '../resource';
import { Metrics } from './runs';

const VERSIONS_SHOWN = 4;

/** Registered models, the verdicts on their versions, and where each is served. */
export function Models({ deployments }: { deployments: Resource<Page<Deployment>> }) {
  const models = useResource<Page<Model>>(paths.models, ['ModelVersionCreated', 'ModelEvaluated']);
  const evaluations = useEvaluations(models.data?.items ?? []);
  const now = useNow();
  return (
    <Panel
      id="models"
      title="Models"
      count={models.data?.items.length}
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
                <th scope="col">Version</th>
                <th scope="col">Verdict</th>
                <th scope="col" colSpan={2}>Held-out</th>
                <th scope="col">Serves in</th>
                <th scope="col" className="num">Registered</th>
              </tr>
            </thead>
            <tbody>
              {page.items.flatMap((model) =>
                newestFirst(model).map((version, at) => {
                  const evaluation = evaluations.get(`${model.name}/${version.version}`);
                  const main = evaluation?.metrics?.[0];
                  const environments = (deployments.data?.items ?? []).filter(
                    (one) => one.modelName === model.name && one.version === version.version,
                  );
                  return (
                    <tr key={`${model.name}/${version.version}`}>
                      <th scope="row">{at === 0 ? model.name : <span className="sr">{model.name}</span>}</th>
                      <td>v{version.version}</td>
                      <td>
                        {evaluation?.verdict ? <Badge status={evaluation.verdict} /> : <span className="muted">none</span>}
                      </td>
                      {main ? (
                        <>
                          <td>
                            <span className="muted">{main.name}</span> <b>{number(main.value)}</b>
                          </td>
                          <td className="wide"><Interval metric={main} /></td>
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
                      <td className="num muted">{ago(version.createdAt, now)}</td>
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

function newestFirst(model: Model) {
  return [...(model.versions ?? [])].sort((a, b) => b.version - a.version).slice(0, VERSIONS_SHOWN);
}

/** Evaluations of the shown versions; one that is not there yet is asked for again when it may be. */
function useEvaluations(models: Model[]): Map<string, Evaluation> {
  const { generation } = useLive();
  const [found, setFound] = useState(new Map<string, Evaluation>());
  const [round, setRound] = useState(0);
  useEvents((event) => {
    if (event.type === 'ModelEvaluated') {
      setRound((before) => before + 1);
    }
  });
  const wanted = models
    .slice(0, 10)
    .flatMap((model) =>
      // What an MLflow client registered by itself has no request, and no evaluation.
      newestFirst(model)
        .filter((version) => version.requestId)
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
