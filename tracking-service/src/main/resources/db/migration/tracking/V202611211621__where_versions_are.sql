-- Where a version's files are: what its source leads to, else the source itself. Its beginning is
-- kept aside for looking up who has files below a place; the whole of it may be too long for an index.
alter table model_versions add column place text collate "C" generated always as (
  left(regexp_replace(coalesce(storage_location, source), '^(runs|models):/+', '\1:/'), 600)) stored;
create index model_versions_by_place on model_versions (place);

-- The one rule again: a run, or a logged model, stays while a version's files are below it, however
-- the version came by them. One may be a copy of another version that is gone by now.
create or replace view deleted_runs as
select r.run_id, r.experiment_id, r.name, r.artifact_uri, r.deleted_at, r.request_id,
       coalesce(
         (select 'model version ' || v.name || ':' || v.version from model_versions v
          where v.run_id = r.run_id order by v.name, v.version limit 1),
         (select 'model version ' || min(v.name || ':' || v.version) from model_versions v
          where v.place >= left(r.artifact_uri, 600)
            and v.place < left(r.artifact_uri, 600) || chr(1114111)
            and (coalesce(v.storage_location, v.source) = r.artifact_uri
              or starts_with(coalesce(v.storage_location, v.source), r.artifact_uri || '/'))),
         (select 'model version ' || min(v.name || ':' || v.version) from model_versions v
          where v.place >= 'runs:/' || r.run_id || '/' and v.place < 'runs:/' || r.run_id || '0'),
         (select 'logged model ' || m.model_id from logged_models m
          where m.source_run_id = r.run_id and m.lifecycle_stage = 'active'
          order by m.model_id limit 1),
         (select 'its training, which is ' || lower(j.status) from jobs j
          where j.run_id = r.run_id and j.status in ('QUEUED', 'RUNNING'))) as needed_by
from runs r
where r.lifecycle_stage = 'deleted' and r.deleted_at is not null;

create or replace view deleted_logged_models as
select m.model_id, m.experiment_id, m.name, m.artifact_uri, m.deleted_at,
       coalesce(
         (select 'model version ' || min(v.name || ':' || v.version) from model_versions v
          where v.place >= left(m.artifact_uri, 600)
            and v.place < left(m.artifact_uri, 600) || chr(1114111)
            and (coalesce(v.storage_location, v.source) = m.artifact_uri
              or starts_with(coalesce(v.storage_location, v.source), m.artifact_uri || '/'))),
         (select 'model version ' || min(v.name || ':' || v.version) from model_versions v
          where v.source = 'models:/' || m.model_id)) as needed_by
from logged_models m
where m.lifecycle_stage = 'deleted' and m.deleted_at is not null;
