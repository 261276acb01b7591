-- How often an address has used the way through sign-in in this minute, for all processes together. Nobody is known yet, so
-- there is no tenant. Written without a log: after a crash the counts begin anew. The columns are those that
-- rate-limiter-flexible asks for, in its order.
create unlogged table sign_in_limit (
  key text primary key,
  points integer not null,
  -- Milliseconds since 1970.
  expire bigint not null
);
create index sign_in_limit_expire on sign_in_limit (expire);
