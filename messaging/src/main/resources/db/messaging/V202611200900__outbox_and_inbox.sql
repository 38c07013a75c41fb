-- Events that wait for the relay. A row is deleted once Kafka has acknowledged it.
create table outbox (
  seq        bigint generated always as identity primary key,
  id         uuid        not null,
  topic      text        not null,
  key        text        not null,
  headers    text[]      not null,
  payload    bytea,
  created_at timestamptz not null default clock_timestamp()
);

-- Wakes the relay at commit; several appends of one transaction make one notification.
create function notify_outbox() returns trigger language plpgsql as $$
begin
  perform pg_notify('millrace_outbox_' || tg_table_schema, '');
  return null;
end
$$;

create trigger outbox_appended after insert on outbox
  for each statement execute function notify_outbox();

-- Events that a consumer of this service has applied.
create table inbox (
  consumer text        not null,
  source   text        not null,
  event_id text        not null,
  seen_at  timestamptz not null default now(),
  primary key (consumer, source, event_id)
);

create index inbox_seen_at on inbox (seen_at);
