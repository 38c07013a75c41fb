-- First answers of creates that came with an Idempotency-Key, stored with their effect.
create table idempotent_answers (
  call        text        not null,
  key         text        not null,
  fingerprint text        not null,
  status      integer,
  location    text,
  body        text,
  at          timestamptz not null default now(),
  primary key (call, key)
);
create index idempotent_answers_by_age on idempotent_answers (at);
