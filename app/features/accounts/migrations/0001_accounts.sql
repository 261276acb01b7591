-- Local accounts: who signs in here and not at the provider, with what, and what is under way.
create table account (
  tenant_id text collate "C" not null check (char_length(tenant_id) between 1 and 100),
  id uuid not null,
  email text not null check (char_length(email) between 3 and 254),
  -- As it is compared: lower case, one Unicode form.
  email_key text collate "C" not null,
  name text not null check (char_length(name) between 1 and 120),
  roles text[] not null,
  -- Key id and argon2id digest; null until the person has set a password.
  password_hash text,
  -- Whether it is long enough to be the only factor.
  password_stands_alone boolean not null default false,
  -- Encrypted under the feature's key.
  totp_secret bytea,
  -- The last time step whose code was taken (RFC 6238, 5.2: once).
  totp_step bigint,
  disabled boolean not null default false,
  version integer not null default 1,
  created_at timestamptz(3) not null,
  primary key (tenant_id, id)
);
create unique index account_email on account (tenant_id, email_key);
create index account_page on account (tenant_id, created_at, id);

create table account_passkey (
  tenant_id text collate "C" not null,
  -- The authenticator's id of it, base64url.
  id text collate "C" not null check (char_length(id) between 1 and 1400),
  account_id uuid not null,
  name text not null check (char_length(name) between 1 and 60),
  public_key bytea not null,
  counter bigint not null,
  transports text[] not null,
  created_at timestamptz(3) not null,
  used_at timestamptz(3),
  primary key (tenant_id, id),
  foreign key (tenant_id, account_id) references account (tenant_id, id) on delete cascade
);
-- Who it is is found by it alone.
create unique index account_passkey_id on account_passkey (id, tenant_id);
create index account_passkey_account on account_passkey (tenant_id, account_id);

create table account_recovery_code (
  tenant_id text collate "C" not null,
  account_id uuid not null,
  code_hash bytea not null,
  primary key (tenant_id, account_id, code_hash),
  foreign key (tenant_id, account_id) references account (tenant_id, id) on delete cascade
);

-- What a mail carries, to set a password with; used once.
create table account_token (
  tenant_id text collate "C" not null,
  token_hash bytea not null,
  account_id uuid not null,
  expires_at timestamptz(3) not null,
  primary key (tenant_id, token_hash),
  foreign key (tenant_id, account_id) references account (tenant_id, id) on delete cascade
);
create unique index account_token_hash on account_token (token_hash, tenant_id);
create index account_token_account on account_token (tenant_id, account_id);
create index account_token_expiry on account_token (expires_at, tenant_id);

-- A ceremony between two requests: a second factor that is awaited, a passkey's challenge, an authenticator to be added.
create table account_attempt (
  -- '-' where it is not known yet whose it is.
  tenant_id text collate "C" not null,
  id_hash bytea not null,
  purpose text not null,
  account_id uuid,
  challenge text,
  secret bytea,
  tries integer not null default 0,
  expires_at timestamptz(3) not null,
  primary key (tenant_id, id_hash)
);
create unique index account_attempt_id on account_attempt (id_hash, tenant_id);
create index account_attempt_expiry on account_attempt (expires_at, tenant_id);

-- Failures in a row, and until when nothing more is tried. The tenant is '-' for addresses.
create table account_throttle (
  tenant_id text collate "C" not null,
  key bytea not null,
  failures integer not null,
  blocked_until timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  primary key (tenant_id, key)
);
create index account_throttle_age on account_throttle (updated_at, tenant_id);

-- Mail to be sent, encrypted, since it may hold a token. Written with the change that it tells of.
create table account_mail (
  tenant_id text collate "C" not null,
  id uuid not null,
  sealed bytea not null,
  attempts integer not null default 0,
  due_at timestamptz(3) not null,
  primary key (tenant_id, id)
);
create index account_mail_due on account_mail (due_at, tenant_id);

alter table account enable row level security;
create policy tenant on account using (tenant_id = current_setting('app.tenant_id', true));
create policy platform on account to app_platform using (true);
grant select, update on account to app_platform;
grant select, insert, update on account to app_tenant;

alter table account_passkey enable row level security;
create policy tenant on account_passkey using (tenant_id = current_setting('app.tenant_id', true));
create policy platform on account_passkey to app_platform using (true);
grant select, update on account_passkey to app_platform;
grant select, insert, delete on account_passkey to app_tenant;

alter table account_recovery_code enable row level security;
create policy tenant on account_recovery_code using (tenant_id = current_setting('app.tenant_id', true));
create policy platform on account_recovery_code to app_platform using (true);
grant select, delete on account_recovery_code to app_platform;
grant select, insert, delete on account_recovery_code to app_tenant;

alter table account_token enable row level security;
create policy tenant on account_token using (tenant_id = current_setting('app.tenant_id', true));
create policy platform on account_token to app_platform using (true);
grant select, insert, delete on account_token to app_platform;
grant select, insert, delete on account_token to app_tenant;

alter table account_attempt enable row level security;
create policy tenant on account_attempt using (tenant_id = current_setting('app.tenant_id', true));
create policy platform on account_attempt to app_platform using (true);
grant select, insert, update, delete on account_attempt to app_platform;
grant select, insert, update, delete on account_attempt to app_tenant;

alter table account_throttle enable row level security;
create policy tenant on account_throttle using (tenant_id = current_setting('app.tenant_id', true));
create policy platform on account_throttle to app_platform using (true);
grant select, insert, update, delete on account_throttle to app_platform;
grant select, insert, update, delete on account_throttle to app_tenant;

alter table account_mail enable row level security;
create policy tenant on account_mail using (tenant_id = current_setting('app.tenant_id', true));
create policy platform on account_mail to app_platform using (true);
grant select, insert, update, delete on account_mail to app_platform;
grant insert on account_mail to app_tenant;
