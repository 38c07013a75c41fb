-- Object keys that nothing refers to: being written, or replaced, or deleted. Whoever starts to
-- write an object claims its key here first and gives the claim up in the transaction that refers
-- to it, so that a crash at any point leaves a row by which the object is found and removed.
create table unreferenced_objects (
  object_key text primary key,
  upload_id text,
  owner text not null,
  due_at timestamptz not null,
  deleting boolean not null default false
);

create index unreferenced_objects_due on unreferenced_objects (due_at);

-- Files of runs. The order of "C" is the order of bytes, in which a folder is a range.
create table artifacts (
  path text collate "C" primary key,
  object_key text not null unique,
  sha256 text not null,
  size bigint not null,
  media_type text not null,
  attempt integer not null default 0,
  stored_at timestamptz not null default now(),
  corrupt_since timestamptz
);

-- Bytes of datasets, stored once whatever versions share them.
create table contents (
  sha256 text primary key,
  object_key text not null unique,
  size bigint not null,
  stored_at timestamptz not null default now(),
  corrupt_since timestamptz
);

create table datasets (
  name text collate "C" primary key,
  created_at timestamptz not null default now()
);

create table dataset_versions (
  name text collate "C" not null references datasets (name),
  version integer not null check (version > 0),
  sha256 text not null references contents (sha256),
  size bigint not null,
  media_type text not null,
  digest text not null,
  manifest text not null,
  schema text not null,
  row_count bigint not null,
  column_count integer not null,
  created_by text not null,
  created_at timestamptz not null,
  primary key (name, version),
  constraint one_version_per_content unique (name, sha256)
);
