-- One result per model version. A failed one may give way to a success that was asked for again.
create table evaluations (
  model_name       text        not null,
  version          int         not null check (version >= 1),
  request_id       text        not null,
  run_id           text        not null,
  -- The job this came from: the same job again changes nothing.
  job_id           text        not null,
  status           text        not null check (status in ('EVALUATED', 'FAILED')),
  verdict          text,
  held_out_rows    bigint,
  champion_version int,
  metrics          jsonb,
  gates            jsonb,
  reason           text,
  message          text,
  evaluated_at     timestamptz not null,
  primary key (model_name, version),
  check ((status = 'EVALUATED') = (verdict is not null and metrics is not null and gates is not null)),
  check ((status = 'FAILED') = (reason is not null and message is not null))
);
