-- The sequencer's whole transaction as one statement: it takes its turn, numbers, and commits, in one round trip; and no
-- process that freezes in the middle can hold the lock. A volatile function sees, statement by statement, what has been
-- committed since it was called, so that the numbering knows the positions of the one that it waited for.
create function sequence_outbox(lock_namespace integer, lock_key integer, most integer, at timestamptz, out numbered integer)
language plpgsql volatile as $$
begin
  -- Below what a statement may take.
  perform set_config('lock_timeout', '4s', true);
  perform pg_advisory_xact_lock(lock_namespace, lock_key);
  with oldest as (
    select tenant_id, id, sequence from outbox_event where position is null order by sequence limit most
  ), pending as (
    select tenant_id, id, row_number() over (order by sequence) as ordinal from oldest
  ), head as (
    select greatest(
      coalesce((select max(position) from outbox_event), 0),
      coalesce((select max(position) from outbox_horizon), 0)) as position
  )
  update outbox_event as event
  set position = head.position + pending.ordinal, sequenced_at = at
  from pending, head
  where event.tenant_id = pending.tenant_id and event.id = pending.id;
  get diagnostics numbered = row_count;
end
$$;
