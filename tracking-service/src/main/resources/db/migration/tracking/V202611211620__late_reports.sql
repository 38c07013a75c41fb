-- When the worker of a run that was given up was heard last; null where the run was not given up. While it is set, that worker's
-- attempt may still report, and has the run again then.
alter table jobs add column silent_since timestamptz;
