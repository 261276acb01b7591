-- Keys of the service's own, each encrypted by the key provider, which is no part of the database.
-- no tenant: they are the service's own, for all tenants
create table service_key (
  purpose text not null check (purpose in ('audit', 'people', 'people-index')),
  id uuid not null,
  wrapped bytea not null,
  -- The provider's name of the key that it is wrapped with.
  provider_key text not null,
  created_at timestamptz(3) not null,
  primary key (purpose, id)
);
grant select, insert, update on service_key to app_platform;

-- Who a person is: their name and the provider's subject, encrypted under a key of their own. Records name them by `id` alone,
-- and so outlive the name (GDPR, Article 17).
create table person (
  tenant_id text collate "C" not null check (char_length(tenant_id) between 1 and 100),
  id uuid not null,
  sealed bytea not null,
  -- To the day.
  seen_at timestamptz(3) not null,
  primary key (tenant_id, id)
);
create index person_seen on person (seen_at, tenant_id);

-- Apart from `person`, and without a reference to it: backups that are kept for longer than 30 days leave this table out.
create table person_key (
  tenant_id text collate "C" not null,
  person_id uuid not null,
  -- HMAC-SHA-256 of tenant and subject, to find the person by.
  subject_digest bytea not null check (octet_length(subject_digest) = 32),
  wrapped bytea not null,
  -- Which service key it is wrapped with.
  service_key uuid not null,
  primary key (tenant_id, person_id)
);
create unique index person_key_subject on person_key (tenant_id, subject_digest);
create index person_key_service_key on person_key (service_key, tenant_id);

alter table person enable row level security;
create policy tenant on person using (tenant_id = current_setting('app.tenant_id', true));
create policy platform on person to app_platform using (true);
grant select, insert, update, delete on person to app_platform, app_tenant;

alter table person_key enable row level security;
create policy tenant on person_key using (tenant_id = current_setting('app.tenant_id', true));
create policy platform on person_key to app_platform using (true);
grant select, insert, update, delete on person_key to app_platform;
grant select, insert, delete on person_key to app_tenant;

-- What was done, by whom: written in the transaction of the change, sealed afterwards into a chain for each tenant. Nobody who
-- serves may change or remove an entry.
create table audit_entry (
  tenant_id text collate "C" not null check (char_length(tenant_id) between 1 and 100),
  id uuid not null,
  -- Order in which the sealer takes them.
  sequence bigint generated always as identity,
  occurred_at timestamptz(3) not null,
  -- Of `person`; null for the service itself.
  actor uuid,
  action text collate "C" not null check (char_length(action) between 1 and 100),
  resource text collate "C" not null check (char_length(resource) between 1 and 500),
  request_id text collate "C" not null,
  -- JSON as it was digested: text keeps its bytes, which jsonb would not.
  details text collate "C" not null,
  -- HMAC-SHA-256 of all the above, made when it is written.
  mac bytea not null check (octet_length(mac) = 32),
  -- Place in the tenant's chain from 1 on, and the hash of the chain up to it.
  position bigint check (position > 0),
  chain_hash bytea check (octet_length(chain_hash) = 32),
  primary key (tenant_id, id),
  check ((position is null) = (chain_hash is null))
);
create unique index audit_entry_position on audit_entry (tenant_id, position) where position is not null;
create index audit_entry_page on audit_entry (tenant_id, sequence);
create index audit_entry_unsealed on audit_entry (sequence, tenant_id) where position is null;

-- A signature over a tenant's chain so far; the same goes out of the database.
create table audit_checkpoint (
  tenant_id text collate "C" not null,
  position bigint not null check (position > 0),
  chain_hash bytea not null check (octet_length(chain_hash) = 32),
  signed_at timestamptz(3) not null,
  key_id text collate "C" not null,
  signature bytea not null,
  primary key (tenant_id, position)
);

alter table audit_entry enable row level security;
create policy tenant on audit_entry using (tenant_id = current_setting('app.tenant_id', true));
create policy platform on audit_entry to app_platform using (true);
grant select, insert, update (position, chain_hash) on audit_entry to app_platform;
grant select, insert on audit_entry to app_tenant;

alter table audit_checkpoint enable row level security;
create policy tenant on audit_checkpoint using (tenant_id = current_setting('app.tenant_id', true));
create policy platform on audit_checkpoint to app_platform using (true);
grant select, insert on audit_checkpoint to app_platform;
grant select on audit_checkpoint to app_tenant;

-- For export and erasure.
grant delete on idempotency_key to app_tenant;
grant select (refreshed_at) on session to app_tenant;
grant select (tenant_id, type, subject, actor, occurred_at, data), update (data) on outbox_event to app_tenant;
