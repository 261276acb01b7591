-- Transactional outbox: an event is written in the transaction of the change that it tells of. The sequencer gives it
-- its position after the commit, so that positions become visible in their own order (a serial would not: a transaction
-- that took number 5 may commit after the one that took 6).
create table outbox_event (
  tenant_id text not null,
  id uuid not null,
  -- Order within one transaction, and a fair order between transactions that are numbered together.
  sequence bigint generated always as identity,
  position bigint check (position > 0 and position < 9007199254740992),
  sequenced_at timestamptz,
  type text not null,
  subject text not null,
  actor text not null,
  occurred_at timestamptz not null,
  data jsonb not null,
  primary key (tenant_id, id),
  check ((position is null) = (sequenced_at is null))
);

-- The reader's order, over all tenants.
create unique index outbox_event_position on outbox_event (position, tenant_id) where position is not null;
-- A resuming client's order, within its tenant.
create index outbox_event_tenant_position on outbox_event (tenant_id, position) where position is not null;
-- What the sequencer has still to number; nearly always empty.
create index outbox_event_unsequenced on outbox_event (sequence, tenant_id) where position is null;

-- The last position that retention removed for a tenant: a client that resumes from before it must resynchronise.
create table outbox_horizon (
  tenant_id text not null,
  position bigint not null,
  primary key (tenant_id)
);
create index outbox_horizon_position on outbox_horizon (position, tenant_id);
