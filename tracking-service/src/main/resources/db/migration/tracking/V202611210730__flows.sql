-- Every event of every topic with history. Writers take one lock before they draw a number, so that
-- numbers become visible in their order and `seq > last` never skips an event.
create table flow_events (
  seq           bigint generated always as identity primary key,
  source        text        not null,
  event_id      text        not null,
  type          text        not null,
  flow_id       text,
  key           text        not null,
  run_id        text,
  model_name    text,
  time          timestamptz not null,
  topic         text        not null,
  partition     integer     not null,
  record_offset bigint      not null,
  data          json        not null,
  constraint flow_events_once unique (source, event_id)
);

create index flow_events_by_flow on flow_events (flow_id, seq) where flow_id is not null;
create index flow_events_by_time on flow_events (time);
create index flow_metric_events_by_time on flow_events (time) where type = 'MetricsLogged';

-- One row per request, kept when its events are pruned.
create table flows (
  request_id   text        primary key,
  status       text        not null,
  pipeline     text,
  model_name   text,
  version      integer,
  run_ids      text[]      not null default '{}',
  requested_by text,
  started_at   timestamptz not null,
  updated_at   timestamptz not null
);

create index flows_by_start on flows (started_at desc, request_id);

-- Wakes the event streams at commit.
create function notify_flow_event() returns trigger language plpgsql as $$
begin
  perform pg_notify('millrace_flow_events_' || tg_table_schema, new.seq::text);
  return null;
end
$$;

create trigger flow_event_stored after insert on flow_events
  for each row execute function notify_flow_event();
