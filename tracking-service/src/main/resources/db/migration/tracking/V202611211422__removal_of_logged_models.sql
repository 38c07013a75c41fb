alter table logged_models add column deleted_at timestamptz;
update logged_models set deleted_at = now() where lifecycle_stage = 'deleted';
create index logged_models_deleted on logged_models (deleted_at) where deleted_at is not null;
create index logged_models_by_source on logged_models (source_run_id) where lifecycle_stage = 'active';

create trigger logged_model_deletion before update of lifecycle_stage on logged_models
  for each row when (old.lifecycle_stage is distinct from new.lifecycle_stage)
  execute function note_deletion();

-- The one rule again, with logged models: a run that one came from stays, and one that a version was
-- registered from stays too.
create or replace view deleted_runs as
select r.run_id, r.experiment_id, r.name, r.artifact_uri, r.deleted_at, r.request_id,
       coalesce(
         (select 'model version ' || v.name || ':' || v.version from model_versions v
          where v.run_id = r.run_id order by v.name, v.version limit 1),
         (select 'logged model ' || m.model_id from logged_models m
          where m.source_run_id = r.run_id and m.lifecycle_stage = 'active'
          order by m.model_id limit 1),
         (select 'its training, which is ' || lower(j.status) from jobs j
          where j.run_id = r.run_id and j.status in ('QUEUED', 'RUNNING'))) as needed_by
from runs r
where r.lifecycle_stage = 'deleted' and r.deleted_at is not null;

create view deleted_logged_models as
select m.model_id, m.experiment_id, m.name, m.artifact_uri, m.deleted_at,
       (select 'model version ' || v.name || ':' || v.version from model_versions v
        where v.source = 'models:/' || m.model_id
           or v.source = m.artifact_uri or starts_with(v.source, m.artifact_uri || '/')
        order by v.name, v.version limit 1) as needed_by
from logged_models m
where m.lifecycle_stage = 'deleted' and m.deleted_at is not null;
