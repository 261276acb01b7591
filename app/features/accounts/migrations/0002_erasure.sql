-- A person may have their account erased, with all that belongs to it.
grant delete on account to app_tenant;
