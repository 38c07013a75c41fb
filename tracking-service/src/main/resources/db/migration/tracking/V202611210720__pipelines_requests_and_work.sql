-- Versions are only ever added.
create table pipelines (
  name       text        not null,
  version    integer     not null,
  definition text        not null,
  resolved   jsonb       not null,
  sha256     text        not null,
  created_at timestamptz not null default now(),
  primary key (name, version)
);

-- What POST /api/v1/train-requests has sent, so that a repeated call sends nothing.
create table submissions (
  request_id   text        primary key,
  sha256       text        not null,
  submitted_at timestamptz not null default now()
);

-- Every training request that was decided on, once.
create table requests (
  request_id    text        primary key,
  outcome       text        not null check (outcome in ('ACCEPTED', 'REJECTED')),
  pipeline_name text,
  requested_by  text        not null,
  experiment_id bigint references experiments,
  reasons       jsonb,
  decided_at    timestamptz not null default now()
);

-- A queued run and the lease of the worker that has it. The attempt is the fencing token.
create table jobs (
  run_id           text        primary key references runs,
  request_id       text        not null,
  model_name       text        not null,
  dataset          jsonb       not null,
  pipeline         jsonb       not null,
  requested_by     text        not null,
  status           text        not null check (status in ('QUEUED', 'RUNNING', 'TRAINED', 'FAILED', 'CANCELLED')),
  attempt          integer     not null default 0,
  worker           text,
  leased_until     timestamptz,
  started_at       timestamptz,
  checked_attempt  integer     not null default 0,
  cancelled_by     text,
  dead_lettered_at timestamptz,
  dead_letter      text,
  queued_at        timestamptz not null default now(),
  ended_at         timestamptz
);

create index jobs_dead_lettered on jobs (dead_lettered_at)
  where dead_lettered_at is not null and status in ('QUEUED', 'RUNNING');
