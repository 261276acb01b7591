-- Responses that were given under an Idempotency-Key. The row is written in the transaction of the change that it stands
-- for, so that the two are stored together or not at all; a concurrent double waits on the primary key.
create table idempotency_key (
  tenant_id text not null,
  subject_id text not null,
  operation_id text not null,
  key text not null,
  -- SHA-256 of method, path and body: the same key with another request is a mistake of the client.
  fingerprint text not null,
  -- Null only inside the transaction that claims the key.
  status integer,
  headers jsonb,
  body text,
  created_at timestamptz not null,
  primary key (tenant_id, subject_id, operation_id, key)
);

-- For the purge of old keys.
create index idempotency_key_age on idempotency_key (created_at, tenant_id);
