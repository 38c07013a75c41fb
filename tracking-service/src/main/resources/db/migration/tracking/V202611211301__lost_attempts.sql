-- Attempts at a run that ended without a report and were not released: their workers died or lost the run.
alter table jobs add column lost_attempts integer not null default 0;
