-- What was logged to a run and not told yet: a run that logs often is told of a few times a second.
-- No reference to runs: the writer has just read the run, and a reference would lock its row each time.
create table metric_news (
  run_id text   primary key,
  total  bigint not null,
  -- Points as [key, value as text, timestamp in ms, step]: jsonb has no NaN.
  points jsonb  not null
);
