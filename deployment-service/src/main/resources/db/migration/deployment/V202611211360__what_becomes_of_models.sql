-- What is decided about a version follows its model to another name.
alter table promotions
  drop constraint promotions_model_name_version_fkey,
  add constraint promotions_version foreign key (model_name, version) references model_versions
    on update cascade;
alter table approvals
  drop constraint approvals_model_name_version_fkey,
  add constraint approvals_version foreign key (model_name, version) references model_versions
    on update cascade;

-- Versions that are in the registry no more, whether a verdict on them has come or is still to come.
create table deleted_versions (
  model_name text not null,
  version    int  not null,
  primary key (model_name, version)
);

-- Verdicts that come late say the old name.
create table renamed_models (
  previous_name text primary key,
  model_name    text not null,
  last_version  int  not null
);
