-- contract: the column rewrites the table, and the index is built on it, under a lock; no release has had rows yet.
alter table item enable row level security;
create policy tenant on item using (tenant_id = current_setting('app.tenant_id', true));
grant select, insert, update on item to app_tenant;
grant select on item to app_reader;

alter table movement enable row level security;
create policy tenant on movement using (tenant_id = current_setting('app.tenant_id', true));
-- A ledger: nobody changes or removes a line.
grant select, insert on movement to app_tenant;
grant select on movement to app_reader;

-- Under a policy an index is searched only by what can't leak the rows it hides, which lower() is not said to be: a page far
-- down the list would read all before it.
alter table item add column name_key text collate "C" not null generated always as (lower(name)) stored;
create index item_name_key_idx on item (tenant_id, name_key, sku);
drop index item_name_idx;
