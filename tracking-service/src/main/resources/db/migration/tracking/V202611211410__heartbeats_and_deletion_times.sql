-- Runs that promised to report: silent ones are ended, and run again when they report.
create table run_heartbeats (
  run_id       text        primary key references runs on delete cascade,
  every_ms     bigint      not null check (every_ms between 1000 and 86400000),
  last_seen    timestamptz not null default clock_timestamp(),
  -- When it was ended for its silence; null while it is heard.
  lost_at      timestamptz
);

create index run_heartbeats_heard on run_heartbeats (last_seen) where lost_at is null;

alter table runs add column deleted_at timestamptz;
alter table experiments add column deleted_at timestamptz;
update runs set deleted_at = now() where lifecycle_stage = 'deleted';
update experiments set deleted_at = now() where lifecycle_stage = 'deleted';
create index runs_deleted on runs (deleted_at) where deleted_at is not null;

-- By a trigger, so that no statement that moves something can forget it.
create function note_deletion() returns trigger language plpgsql as $$
begin
  new.deleted_at :=
    case when new.lifecycle_stage = 'deleted' then coalesce(old.deleted_at, clock_timestamp()) end;
  return new;
end
$$;

create trigger run_deletion before update of lifecycle_stage on runs
  for each row when (old.lifecycle_stage is distinct from new.lifecycle_stage)
  execute function note_deletion();
create trigger experiment_deletion before update of lifecycle_stage on experiments
  for each row when (old.lifecycle_stage is distinct from new.lifecycle_stage)
  execute function note_deletion();

-- The one rule of what may be removed for good: a deleted run that nothing alive needs.
-- `needed_by` says what keeps it, null where nothing does.
create view deleted_runs as
select r.run_id, r.experiment_id, r.name, r.artifact_uri, r.deleted_at, r.request_id,
       coalesce(
         (select 'model version ' || v.name || ':' || v.version from model_versions v
          where v.run_id = r.run_id order by v.name, v.version limit 1),
         (select 'its training, which is ' || lower(j.status) from jobs j
          where j.run_id = r.run_id and j.status in ('QUEUED', 'RUNNING'))) as needed_by
from runs r
where r.lifecycle_stage = 'deleted' and r.deleted_at is not null;
