-- What was logged to runs and not told yet, a line each time: a line of a run that grew instead would make the calls of
-- that run wait for each other, and for whoever tells of it. Points are JSON: [key, value as text, timestamp in ms, step].
create table metric_notes (
  note_id bigint generated always as identity primary key,
  run_id  text   not null,
  total   bigint not null,
  points  text   not null
);
create index metric_notes_by_run on metric_notes (run_id);

insert into metric_notes (run_id, total, points) select run_id, total, points::text from metric_news;
drop table metric_news;
