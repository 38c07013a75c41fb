-- They are pruned as early as metrics: a run may store files by the thousand.
create index flow_artifact_events_by_time on flow_events (time) where type = 'ArtifactStored';
