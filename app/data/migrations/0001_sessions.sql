-- Browser sessions. The token itself is never stored; a look-up by its hash comes before the tenant is known.
create table session (
  tenant_id text not null check (char_length(tenant_id) between 1 and 100),
  id uuid not null,
  token_hash bytea not null check (octet_length(token_hash) = 32),
  subject_id text not null check (char_length(subject_id) between 1 and 255),
  subject_name text not null check (char_length(subject_name) between 1 and 255),
  roles text[] not null,
  -- Kept for the logout hint only (OpenID Connect RP-Initiated Logout 1.0, section 2).
  id_token text not null,
  created_at timestamptz not null,
  last_seen_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (tenant_id, id)
);

create unique index session_token on session (token_hash, tenant_id);
create index session_expiry on session (expires_at, tenant_id);
create index session_subject on session (tenant_id, subject_id);
