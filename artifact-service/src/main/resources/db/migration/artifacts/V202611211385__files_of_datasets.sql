-- A version has one file or many; equal bytes lie once, whatever versions and datasets share them.
alter table datasets add column last_version integer not null default 0;

update datasets d
set last_version = coalesce(
  (select max(v.version) from dataset_versions v where v.name = d.name), 0);

-- Bytes that no version refers to stay for a while from their last use, for the push that sent them.
alter table contents add column touched_at timestamptz not null default now();

create table version_files (
  name text collate "C" not null,
  version integer not null,
  path text collate "C" not null,
  sha256 text not null references contents (sha256),
  size bigint not null,
  media_type text not null,
  primary key (name, version, path),
  foreign key (name, version) references dataset_versions (name, version) on delete cascade
);

create index version_files_content on version_files (sha256);

insert into version_files (name, version, path, sha256, size, media_type)
select name, version, name || '.csv', sha256, size, media_type from dataset_versions;

-- What a content is as a table: found once, whatever versions have it.
create table content_tables (
  sha256 text primary key references contents (sha256) on delete cascade,
  row_count bigint not null,
  schema text not null,
  summary text not null
);

-- The same files make the same version: the SHA-256 of the only file, else of the list of files.
alter table dataset_versions add column identity text;
alter table dataset_versions alter column sha256 drop not null;
alter table dataset_versions drop constraint one_version_per_content;
create unique index one_version_per_files on dataset_versions (name, coalesce(identity, sha256));

-- The one rule by which dataset bytes live: a version refers to them. The service adds the grace.
create view unreferenced_contents as
select c.sha256, c.object_key, c.size, c.stored_at, c.touched_at
from contents c
where not exists (select from version_files f where f.sha256 = c.sha256)
  and not exists (select from dataset_versions v where v.sha256 = c.sha256);
