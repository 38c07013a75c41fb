create table webhooks (
  webhook_id      text        primary key,
  number          bigint      generated always as identity unique,
  form            text        not null check (form in ('STANDARD', 'MLFLOW')),
  name            text        not null,
  description     text        not null,
  url             text        not null,
  types           text[]      not null,
  models          text[]      not null default '{}',
  pipelines       text[]      not null default '{}',
  flows           text[]      not null default '{}',
  status          text        not null check (status in ('ACTIVE', 'DISABLED')),
  disabled_reason text,
  disabled_at     timestamptz,
  -- Encrypted with a key that the database does not know.
  secret          text,
  previous_secret text,
  previous_until  timestamptz,
  failures        integer     not null default 0,
  failing_since   timestamptz,
  paused_until    timestamptz,
  -- Events behind this place of the history are told.
  after_seq       bigint      not null,
  created_at      timestamptz not null,
  updated_at      timestamptz not null,
  -- What is deleted keeps its log until that is pruned.
  deleted_at      timestamptz
);

-- The one row says up to where the history has become deliveries. Whoever moves it holds its lock.
create table webhook_cursor (
  id  boolean primary key default true check (id),
  seq  bigint  not null
);

insert into webhook_cursor (seq) select coalesce(max(seq), 0) from flow_events;

create table webhook_deliveries (
  delivery_id      bigint      generated always as identity primary key,
  webhook_id       text        not null references webhooks,
  message_id       text        not null,
  type             text        not null,
  -- Deliveries of one key are attempted in order.
  key              text        not null,
  event_seq        bigint      not null,
  event_time       timestamptz not null,
  body             text        not null,
  status           text        not null default 'PENDING' check (status in ('PENDING', 'DELIVERED', 'FAILED')),
  attempts         integer     not null default 0,
  due_at           timestamptz not null default now(),
  first_attempt_at timestamptz,
  -- Who attempts it just now; over with its time, should that process be gone.
  lease            uuid,
  leased_until     timestamptz,
  replay_of        bigint,
  response_status  integer,
  response_body    text,
  error            text,
  latency_ms       integer,
  created_at       timestamptz not null default now(),
  ended_at         timestamptz
);

-- An event becomes a delivery once; all others are replays.
create unique index webhook_deliveries_once on webhook_deliveries (webhook_id, event_seq) where replay_of is null;
create index webhook_deliveries_log on webhook_deliveries (webhook_id, delivery_id);
create index webhook_deliveries_due on webhook_deliveries (webhook_id, due_at) where status = 'PENDING';
create index webhook_deliveries_order on webhook_deliveries (webhook_id, key, delivery_id) where status = 'PENDING';
create index webhook_deliveries_leased on webhook_deliveries (webhook_id) where leased_until is not null;
create index webhook_deliveries_by_event on webhook_deliveries (webhook_id, event_seq);
create index webhook_deliveries_ended on webhook_deliveries (ended_at) where ended_at is not null;

create table webhook_attempts (
  delivery_id     bigint      not null references webhook_deliveries on delete cascade,
  attempt         integer     not null,
  at              timestamptz not null,
  latency_ms      integer     not null,
  response_status integer,
  response_body   text        not null,
  error           text,
  primary key (delivery_id, attempt)
);
