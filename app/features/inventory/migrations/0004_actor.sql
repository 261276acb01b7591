-- contract: columns go and an index is built at once; no release has had rows yet.
-- Who moved stock is named by the platform's id of the person: the ledger outlives the name, which can be erased.
-- contract: no release has had rows yet
alter table movement drop column actor_id, drop column actor_name;
alter table movement add column actor uuid not null;
create index movement_actor_idx on movement (tenant_id, actor);
