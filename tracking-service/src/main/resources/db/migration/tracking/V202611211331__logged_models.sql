-- Models of MLflow 3 clients: logged to an experiment, by a run or by none.
create table logged_models (
  model_id         text   primary key,
  experiment_id    bigint not null references experiments on delete cascade,
  name             text   not null,
  artifact_uri     text   not null,
  status           text   not null check (status in ('LOGGED_MODEL_PENDING', 'LOGGED_MODEL_READY', 'LOGGED_MODEL_UPLOAD_FAILED')),
  model_type       text   not null,
  source_run_id    text   not null,
  creation_time    bigint not null,
  last_update_time bigint not null,
  lifecycle_stage  text   not null default 'active' check (lifecycle_stage in ('active', 'deleted'))
);

create index logged_models_by_experiment on logged_models (experiment_id, creation_time desc, model_id);

create table logged_model_params (
  model_id text not null references logged_models on delete cascade,
  key      text not null,
  value    text not null,
  primary key (model_id, key)
);

create table logged_model_tags (
  model_id text not null references logged_models on delete cascade,
  key      text not null,
  value    text not null,
  primary key (model_id, key)
);

-- Points that runs measured with a model, perhaps on a dataset; empty text where it was not said which.
create table logged_model_metrics (
  model_id       text   not null references logged_models on delete cascade,
  key            text   not null,
  timestamp_ms   bigint not null,
  step           bigint not null,
  value          float8 not null,
  run_id         text   not null,
  dataset_name   text   not null,
  dataset_digest text   not null,
  -- Names may be too long for an index.
  dataset        text   not null generated always as (md5(dataset_digest || ':' || dataset_name)) stored,
  primary key (model_id, key, timestamp_ms, step, run_id, value, dataset)
);
