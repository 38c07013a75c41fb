-- What a run read is described once for its experiment, however many of its runs read it: a profile can have megabytes.
create table experiment_datasets (
  experiment_id bigint not null references experiments on delete cascade,
  name          text   not null,
  digest        text   not null,
  source_type   text   not null,
  source        text   not null,
  schema        text,
  profile       text,
  primary key (experiment_id, name, digest)
);

insert into experiment_datasets
select distinct on (r.experiment_id, d.name, d.digest)
  r.experiment_id, d.name, d.digest, d.source_type, d.source, d.schema, d.profile
from run_datasets d join runs r using (run_id)
order by r.experiment_id, d.name, d.digest, r.start_time, r.run_id;

alter table run_datasets
  drop column source_type, drop column source, drop column schema, drop column profile;

-- Logged models that a run read or made, by whatever id its client gave.
create table run_models (
  run_id   text   not null references runs on delete cascade,
  role     text   not null check (role in ('input', 'output')),
  model_id text   not null,
  step     bigint not null,
  primary key (run_id, role, model_id)
);
