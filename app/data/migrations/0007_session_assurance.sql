-- contract: the index has no row yet, so that building it takes one look at the sessions, who are few.
-- How sure we are of the person, where the session began, and what the provider needs for its end and its renewal.
alter table session
  -- Null where the provider does not say when the person last proved who they are.
  add column authenticated_at timestamptz,
  add column factors smallint not null default 1 check (factors in (1, 2)),
  add column user_agent text not null default '' check (char_length(user_agent) <= 300),
  -- The provider's `sid` (OpenID Connect Back-Channel Logout 1.0, section 2.1); null for a local account.
  add column provider_session_id text check (char_length(provider_session_id) <= 255),
  -- ID token and refresh token, encrypted under a key that only the session's own cookie gives.
  add column provider_tokens bytea,
  add column refreshed_at timestamptz not null default now(),
  -- Takes its place; the column goes with a later release (expand, contract).
  alter column id_token drop not null;

create index session_provider on session (provider_session_id, tenant_id) where provider_session_id is not null;
