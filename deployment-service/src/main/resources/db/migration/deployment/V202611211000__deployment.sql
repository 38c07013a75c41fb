-- Every decision on a model is taken under its row here, so that decisions on one model come one after another.
create table models (
  model_name text primary key
);

create table model_versions (
  model_name         text        not null,
  version            int         not null check (version >= 1),
  request_id         text        not null,
  run_id             text        not null,
  package_uri        text        not null,
  package_media_type text        not null,
  package_sha256     text        not null,
  package_size       bigint      not null,
  pipeline           text        not null,
  requested_by       text        not null,
  passed             boolean     not null,
  verdict            text        not null,
  evaluated_at       timestamptz not null,
  primary key (model_name, version)
);

create table evaluation_failures (
  model_name text        not null,
  version    int         not null,
  reason     text        not null,
  message    text        not null,
  failed_at  timestamptz not null,
  primary key (model_name, version)
);

create table promotions (
  model_name   text        not null,
  version      int         not null,
  environments text[]      not null,
  approvers    int[]       not null,
  stage        int         not null,
  status       text        not null,
  revision     bigint,
  reason       text,
  message      text,
  updated_at   timestamptz not null,
  primary key (model_name, version),
  foreign key (model_name, version) references model_versions,
  check (cardinality(environments) = cardinality(approvers))
);
create index promotions_open on promotions (model_name) where status in ('AWAITING_APPROVAL', 'DEPLOYING');

create table approvals (
  approval_id  uuid        primary key,
  request_id   text        not null,
  model_name   text        not null,
  version      int         not null,
  environment  text        not null,
  approvers    int         not null check (approvers >= 1),
  requested_by text        not null,
  barred       text[]      not null,
  status       text        not null,
  opened_at    timestamptz not null,
  closed_at    timestamptz,
  foreign key (model_name, version) references model_versions
);
create unique index approvals_one_pending on approvals (model_name, version, environment) where status = 'PENDING';
create index approvals_by_status on approvals (status, approval_id);

create table approval_decisions (
  approval_id uuid        not null references approvals,
  seq         int         not null,
  person      text        not null,
  approved    boolean     not null,
  comment     text,
  decided_at  timestamptz not null,
  primary key (approval_id, seq)
);

-- What is wanted now.
create table deployments (
  environment text        not null,
  model_name  text        not null,
  version     int         not null,
  revision    bigint      not null check (revision >= 1),
  status      text        not null,
  cause       text        not null,
  people      text[]      not null,
  comment     text,
  request_id  text,
  message     text,
  decided_at  timestamptz not null,
  primary key (environment, model_name)
);

-- What was wanted, ever.
create table deployment_history (
  environment      text        not null,
  model_name       text        not null,
  revision         bigint      not null,
  version          int         not null,
  previous_version int,
  cause            text        not null,
  people           text[]      not null,
  comment          text,
  request_id       text,
  decided_at       timestamptz not null,
  primary key (environment, model_name, revision)
);

-- What first came of each revision: at most one DEPLOYED and one FAILED.
create table deployment_outcomes (
  environment text        not null,
  model_name  text        not null,
  revision    bigint      not null,
  outcome     text        not null,
  replica     text        not null,
  message     text,
  at          timestamptz not null,
  primary key (environment, model_name, revision, outcome),
  foreign key (environment, model_name, revision) references deployment_history
);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'table % only takes new rows', tg_table_name;
end $$;

create trigger deployment_history_append_only before update or delete or truncate on deployment_history
  for each statement execute function refuse_change();
create trigger deployment_outcomes_append_only before update or delete or truncate on deployment_outcomes
  for each statement execute function refuse_change();
create trigger approval_decisions_append_only before update or delete or truncate on approval_decisions
  for each statement execute function refuse_change();

-- The newest report of each replica.
create table replica_reports (
  environment text        not null,
  model_name  text        not null,
  replica     text        not null,
  version     int         not null,
  revision    bigint      not null,
  outcome     text        not null,
  at          timestamptz not null,
  primary key (environment, model_name, replica)
);

-- Answers to commands that came with an Idempotency-Key.
create table commands (
  idempotency_key text        primary key,
  fingerprint     text        not null,
  status          int,
  response        text,
  at              timestamptz not null
);
create index commands_by_age on commands (at);
