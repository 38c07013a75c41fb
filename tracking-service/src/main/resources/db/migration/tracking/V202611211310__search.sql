-- What searches read. The experiment stands beside every key, since every search is one of experiments; a run never
-- changes its own. `sought` is the beginning of a value, short enough for an index: a shorter value is equal to it.
-- Primary keys include what a filter asks for, so that testing a run that an order leads to touches an index alone.

alter table run_params
  add column experiment_id bigint,
  add column sought text generated always as (left(value, 100)) stored;
update run_params p set experiment_id = r.experiment_id from runs r where r.run_id = p.run_id;
alter table run_params
  alter column experiment_id set not null,
  drop constraint run_params_pkey,
  add constraint run_params_pkey primary key (run_id, key) include (sought);
create index run_params_by_value on run_params (experiment_id, key, sought, run_id);

alter table run_tags
  add column experiment_id bigint,
  add column sought text generated always as (left(value, 100)) stored;
update run_tags t set experiment_id = r.experiment_id from runs r where r.run_id = t.run_id;
alter table run_tags
  alter column experiment_id set not null,
  drop constraint run_tags_pkey,
  add constraint run_tags_pkey primary key (run_id, key) include (sought);
create index run_tags_by_value on run_tags (experiment_id, key, sought, run_id);

-- A newer value of a metric changes both indexes. That costs a batch of 20 names nothing that can be measured, and one
-- of 1000 names about a fifth; in return an order by a metric reads its page straight from the index.
alter table latest_metrics add column experiment_id bigint;
update latest_metrics m set experiment_id = r.experiment_id from runs r where r.run_id = m.run_id;
alter table latest_metrics
  alter column experiment_id set not null,
  drop constraint latest_metrics_pkey,
  add constraint latest_metrics_pkey primary key (run_id, key) include (value);
create index latest_metrics_by_value on latest_metrics (experiment_id, key, value, run_id);

-- Keys belong to experiments, and values to keys: without this the planner multiplies their shares.
create statistics run_params_searched (ndistinct, dependencies, mcv) on experiment_id, key, sought from run_params;
create statistics run_tags_searched (ndistinct, dependencies, mcv) on experiment_id, key, sought from run_tags;
create statistics latest_metrics_searched (ndistinct, dependencies) on experiment_id, key from latest_metrics;

-- Reading an index alone needs the visibility map, which a vacuum writes.
alter table run_params set (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05);
alter table run_tags set (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05);
alter table latest_metrics set (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_insert_scale_factor = 0.05);

create index run_datasets_by_name on run_datasets (name, digest);
create index experiments_by_creation on experiments (creation_time desc, experiment_id);
