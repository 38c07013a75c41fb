-- A model keeps its number whatever it is called.
alter table registered_models add column model_id bigint generated always as identity;
alter table registered_models add constraint registered_models_model_id unique (model_id);
-- Whether a training run of the platform ever made a version of it: evaluations and deployments know
-- those by name and number, so their numbers are not given again even after the model is gone.
alter table registered_models add column platform_made boolean not null default false;

update registered_models m set platform_made = true
  where exists (select 1 from model_versions v where v.name = m.name and v.request_id is not null);

-- Where the source leads, as far as that is another place; null: the source is the place.
alter table model_versions add column storage_location text;

create index model_versions_by_update on model_versions (last_updated_timestamp desc, name, version desc);

-- What belongs to a model follows its name and goes with it.
alter table registered_model_tags
  drop constraint registered_model_tags_name_fkey,
  add constraint registered_model_tags_model foreign key (name) references registered_models
    on update cascade on delete cascade;
alter table model_versions
  drop constraint model_versions_name_fkey,
  add constraint model_versions_model foreign key (name) references registered_models
    on update cascade on delete cascade;
alter table model_version_tags
  drop constraint model_version_tags_name_version_fkey,
  add constraint model_version_tags_version foreign key (name, version) references model_versions
    on update cascade on delete cascade;
alter table model_aliases
  drop constraint model_aliases_name_fkey,
  add constraint model_aliases_version foreign key (name, version) references model_versions
    on update cascade on delete cascade;

-- Names that belong to no model now and that other services know: where they lead, if anywhere, and
-- the highest number given under them.
create table former_model_names (
  name         text    primary key,
  model_id     bigint  not null,
  last_version integer not null
);

-- What a replica was heard to serve, which lags behind what is wanted.
alter table served_versions add column deployed_version integer;
alter table served_versions add column deployed_revision bigint;

-- What ever happened to a model. Rows are only added.
create table registry_history (
  seq        bigint      generated always as identity primary key,
  -- 0: heard of by its name alone.
  model_id   bigint      not null,
  -- The name it had then.
  model_name text        not null,
  version    integer,
  kind       text        not null,
  -- The alias, tag or environment it is about.
  subject    text,
  was        text,
  became     text,
  actor      text        not null,
  reason     text,
  -- Of the environment's desired state, and why it changed.
  revision   bigint,
  cause      text,
  request_id text,
  at         timestamptz not null
);

create index registry_history_by_model on registry_history (model_id, at, seq);
create index registry_history_by_name on registry_history (model_name, at, seq);
-- Events about environments come more than once, and from every replica.
create unique index registry_history_once on registry_history (model_name, subject, revision, kind)
  where revision is not null;

-- The beginning: what is there already.
insert into registry_history (model_id, model_name, kind, actor, at)
  select model_id, name, 'MODEL_CREATED', 'unknown', to_timestamp(creation_timestamp / 1000.0)
  from registered_models;
insert into registry_history (model_id, model_name, version, kind, became, actor, request_id, at)
  select m.model_id, v.name, v.version, 'VERSION_CREATED', v.source,
         coalesce(nullif(v.user_id, ''), 'unknown'), v.request_id,
         to_timestamp(v.creation_timestamp / 1000.0)
  from model_versions v join registered_models m on m.name = v.name
  order by v.creation_timestamp, v.name, v.version;
insert into registry_history
    (model_id, model_name, version, kind, subject, actor, reason, revision, at)
  select coalesce(m.model_id, 0), s.model_name, s.version, 'PROMOTED', s.environment, 'unknown',
         'Found when the history began.', s.revision, now()
  from served_versions s left join registered_models m on m.name = s.model_name;

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'table % only takes new rows', tg_table_name;
end $$;

create trigger registry_history_append_only before update or delete or truncate on registry_history
  for each statement execute function refuse_change();
