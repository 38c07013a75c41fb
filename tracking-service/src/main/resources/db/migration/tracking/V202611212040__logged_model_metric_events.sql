-- They are pruned as early as the runs' own.
create index flow_model_metric_events_by_time on flow_events (time)
  where type = 'LoggedModelMetricsLogged';
