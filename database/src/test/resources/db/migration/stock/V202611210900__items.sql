create table items (
  name  text primary key,
  count bigint not null
);

create table samples (
  id      bigint generated always as identity primary key,
  label   text,
  number  bigint,
  ratio   float8,
  flag    boolean,
  at      timestamptz,
  token   uuid,
  bytes   bytea,
  details jsonb,
  tags    text[]
);
