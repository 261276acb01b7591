-- What a bug in a query can reach: the service acts as one of these roles, whoever it logs in as. They belong to the server,
-- so that another database of it may have made them already.
do $$ begin
  if to_regrole('app_platform') is null then create role app_platform nologin; end if;
exception when duplicate_object or unique_violation then null;
end $$;
do $$ begin
  if to_regrole('app_tenant') is null then create role app_tenant nologin; end if;
exception when duplicate_object or unique_violation then null;
end $$;
-- For people and reports: reads what is granted to it, of the one tenant that it names (`set app.tenant_id = '…'`).
do $$ begin
  if to_regrole('app_reader') is null then create role app_reader nologin; end if;
exception when duplicate_object or unique_violation then null;
end $$;
-- A login that migrates and serves, on a developer's own server, has to be able to act as them. Where somebody else made the
-- roles, it is for them to grant.
do $$ begin
  if not (select rolsuper from pg_roles where rolname = current_user) then grant app_platform, app_tenant to current_user; end if;
exception when insufficient_privilege then null;
end $$;

grant usage on schema public to app_platform, app_tenant, app_reader;
grant select on schema_migrations to app_platform;

-- Every table: each role sees the rows of the tenant that the transaction names, and none where it names none.
alter table session enable row level security;
create policy tenant on session using (tenant_id = current_setting('app.tenant_id', true));
create policy platform on session to app_platform using (true);
grant select, insert, update, delete on session to app_platform;
-- Neither the token's hash nor what the provider gave.
grant select (tenant_id, id, subject_id, subject_name, roles, created_at, last_seen_at, expires_at, authenticated_at, factors, user_agent), delete on session to app_tenant;

alter table idempotency_key enable row level security;
create policy tenant on idempotency_key using (tenant_id = current_setting('app.tenant_id', true));
create policy platform on idempotency_key to app_platform using (true);
grant select (created_at), delete on idempotency_key to app_platform;
grant select, insert, update on idempotency_key to app_tenant;

alter table outbox_event enable row level security;
create policy tenant on outbox_event using (tenant_id = current_setting('app.tenant_id', true));
create policy platform on outbox_event to app_platform using (true);
grant select, update, delete on outbox_event to app_platform;
grant insert on outbox_event to app_tenant;
grant select on outbox_event to app_reader;

alter table outbox_horizon enable row level security;
create policy tenant on outbox_horizon using (tenant_id = current_setting('app.tenant_id', true));
create policy platform on outbox_horizon to app_platform using (true);
grant select, insert, update, delete on outbox_horizon to app_platform;

-- Of addresses, from which nobody is known yet.
grant select, insert, update, delete on sign_in_limit to app_platform;

revoke execute on function sequence_outbox from public;
grant execute on function sequence_outbox to app_platform;
