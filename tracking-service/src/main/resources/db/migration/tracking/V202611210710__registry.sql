create table registered_models (
  name                   text   primary key,
  description            text   not null default '',
  creation_timestamp     bigint not null,
  last_updated_timestamp bigint not null,
  -- Highest version number ever given; numbers are not used twice.
  last_version           integer not null default 0
);

create table registered_model_tags (
  name  text not null references registered_models,
  key   text not null,
  value text not null,
  primary key (name, key)
);

create table model_versions (
  name                   text    not null references registered_models,
  version                integer not null,
  creation_timestamp     bigint  not null,
  last_updated_timestamp bigint  not null,
  user_id                text    not null default '',
  current_stage          text    not null default 'None',
  description            text    not null default '',
  source                 text    not null,
  run_id                 text    not null default '',
  run_link               text    not null default '',
  status                 text    not null default 'READY',
  -- Of versions that a training run of the platform made; null for what an MLflow client registered.
  request_id             text,
  package_uri            text,
  package_media_type     text,
  package_sha256         text,
  package_size           bigint,
  primary key (name, version)
);

create unique index model_versions_one_per_trained_run on model_versions (run_id) where request_id is not null;
create index model_versions_by_run on model_versions (run_id);

create table model_version_tags (
  name    text    not null,
  version integer not null,
  key     text    not null,
  value   text    not null,
  primary key (name, version, key),
  foreign key (name, version) references model_versions
);

create table model_aliases (
  name    text    not null references registered_models,
  alias   text    not null,
  version integer not null,
  primary key (name, alias)
);

-- What each environment serves, as the newest revision heard of says.
create table served_versions (
  environment text    not null,
  model_name  text    not null,
  revision    bigint  not null,
  version     integer not null,
  primary key (environment, model_name)
);
