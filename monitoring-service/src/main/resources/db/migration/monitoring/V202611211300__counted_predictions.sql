-- Ids of predictions whose rows were counted: one that is sent again, under another offset, is known by its id.
-- Added in the transaction that adds the counts, removed after millrace.monitoring.keep-ids.
create table counted_predictions (
  event_id uuid primary key,
  -- To the hour: equal values take little room in the index.
  counted_at timestamptz not null
);
create index counted_predictions_by_time on counted_predictions (counted_at);
