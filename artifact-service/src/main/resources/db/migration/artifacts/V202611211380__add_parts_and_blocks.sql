-- CRC-32C of each MiB of an object larger than one, by which a range of it is checked.
create table object_blocks (
  object_key text primary key,
  crc32c bytea not null
);

-- Uploads whose parts come in calls of their own, from whoever, over restarts. Their object is
-- claimed in unreferenced_objects like every other, and both go together when nobody goes on.
create table part_uploads (
  upload_id text primary key,
  target text not null,
  object_key text not null unique,
  store_upload_id text not null,
  parts integer not null,
  part_size bigint not null default 0,
  direct boolean not null default false,
  state text not null default 'OPEN' check (state in ('OPEN', 'FINISHING', 'DONE', 'GIVEN_UP')),
  finishing_until timestamptz,
  touched_at timestamptz not null default now()
);

create index part_uploads_target on part_uploads (target);

create table received_parts (
  upload_id text not null references part_uploads (upload_id) on delete cascade,
  number integer not null,
  size bigint not null,
  crc32c bigint not null,
  etag text not null,
  primary key (upload_id, number)
);

-- The key of the addresses that this service signs, one for all instances.
create table signing_keys (
  name text primary key,
  secret bytea not null
);
