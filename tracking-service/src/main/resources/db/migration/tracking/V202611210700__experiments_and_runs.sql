-- Times that MLflow clients give and read are milliseconds since 1970, kept as they came: 0 and -1 are values too.

create sequence experiment_ids;

create table experiments (
  experiment_id     bigint primary key,
  name              text   not null constraint experiments_name unique,
  artifact_location text   not null,
  lifecycle_stage   text   not null default 'active' check (lifecycle_stage in ('active', 'deleted')),
  creation_time     bigint not null,
  last_update_time  bigint not null
);

insert into experiments (experiment_id, name, artifact_location, creation_time, last_update_time)
values (0, 'Default', 'mlflow-artifacts:/0',
        (extract(epoch from now()) * 1000)::bigint, (extract(epoch from now()) * 1000)::bigint);

create table experiment_tags (
  experiment_id bigint not null references experiments,
  key           text   not null,
  value         text   not null,
  primary key (experiment_id, key)
);

create table runs (
  run_id          text   primary key,
  experiment_id   bigint not null references experiments,
  name            text   not null,
  user_id         text   not null,
  status          text   not null check (status in ('RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED')),
  start_time      bigint not null,
  end_time        bigint,
  artifact_uri    text   not null,
  lifecycle_stage text   not null default 'active' check (lifecycle_stage in ('active', 'deleted')),
  -- The training request it belongs to; null for a run that any MLflow client made.
  request_id      text
);

create index runs_by_experiment on runs (experiment_id, start_time desc, run_id);
create index runs_by_start on runs (start_time desc, run_id);

create table run_params (
  run_id text not null references runs,
  key    text not null,
  value  text not null,
  primary key (run_id, key)
);

create table run_tags (
  run_id text not null references runs,
  key    text not null,
  value  text not null,
  primary key (run_id, key)
);

create table run_datasets (
  run_id      text  not null references runs,
  name        text  not null,
  digest      text  not null,
  source_type text  not null,
  source      text  not null,
  schema      text,
  profile     text,
  tags        jsonb not null default '[]',
  primary key (run_id, name, digest)
);

-- Every point; the key is also the order in which a history is read, and makes repeating a point harmless.
-- No reference to runs: the writer has just read the run, and this is the widest table of all.
create table run_metrics (
  run_id       text   not null,
  key          text   not null,
  timestamp_ms bigint not null,
  step         bigint not null,
  value        float8 not null,
  primary key (run_id, key, timestamp_ms, step, value)
);

-- The greatest point of each key by step, then time, then value.
create table latest_metrics (
  run_id       text   not null references runs,
  key          text   not null,
  step         bigint not null,
  timestamp_ms bigint not null,
  value        float8 not null,
  primary key (run_id, key)
);
