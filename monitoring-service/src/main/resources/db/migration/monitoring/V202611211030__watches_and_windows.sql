-- What is served and how it is to be watched, one row per environment and model. The row is also the lock
-- under which observations of the model are added and its windows are closed.
create table watches (
  environment text not null,
  model_name text not null,
  version int not null,
  revision bigint not null,
  active boolean not null,
  request_id text,
  pipeline text not null,
  package_uri text not null,
  package_sha256 text not null,
  -- PENDING: the reference profile is to be fetched; READY; NONE: there is none, the note says why.
  profile_state text not null check (profile_state in ('PENDING', 'READY', 'NONE')),
  -- JSON as text: the order of its names is the order of the counts.
  profile text,
  note text,
  since timestamptz not null,
  drift_state text not null default 'OK' check (drift_state in ('OK', 'DRIFTED')),
  -- Windows in a row that speak against drift_state.
  streak int not null default 0,
  -- DriftDetected was published and DriftResolved was not, for this or an earlier version.
  alert_open boolean not null default false,
  primary key (environment, model_name)
);

-- How far the topic of desired states is applied.
create table followed (
  topic text not null,
  partition int not null,
  next_offset bigint not null,
  primary key (topic, partition)
);

create table windows (
  environment text not null,
  model_name text not null,
  revision bigint not null,
  -- Of a window of rows: counted from 1. Of a window of time: its start divided by its length.
  number bigint not null,
  version int not null,
  state text not null check (state in ('OPEN', 'CLOSED')),
  -- Window of time: its ends. Window of rows: first and last observation.
  start_at timestamptz not null,
  end_at timestamptz not null,
  timed boolean not null,
  rows bigint not null,
  late_rows bigint not null default 0,
  counts bigint[] not null,
  verdict text check (verdict in ('OK', 'DRIFTED', 'NOT_ENOUGH_DATA', 'SUPERSEDED')),
  share double precision,
  columns jsonb,
  closed_at timestamptz,
  primary key (environment, model_name, revision, number)
);
create index windows_open on windows (end_at) where state = 'OPEN';

-- How far each partition is counted; moves in the transaction that adds the counts. A topic that was deleted and
-- made again has another id.
create table prediction_offsets (
  topic_id text not null,
  partition int not null,
  next_offset bigint not null,
  primary key (topic_id, partition)
);
