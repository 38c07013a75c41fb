-- Ways back from what was read or named to who did. Hashes, since the texts may be longer than a tree holds.
create index run_models_by_model on run_models using hash (model_id);
create index logged_models_by_run on logged_models using hash (source_run_id);
create index run_tags_parents on run_tags using hash (value) where key = 'mlflow.parentRunId';
create index model_versions_copies on model_versions using hash (source) where source like 'models:/%';
create index registry_history_of_environments on registry_history (subject, model_id, version)
  where revision is not null;
