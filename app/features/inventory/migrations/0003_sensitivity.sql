-- contract: the column has a constant default, so that no row is written, and the check looks at rows that all have it.
-- What not everybody in the tenant is to know of: keys, medicines, samples. Who may, says the policy.
alter table item add column sensitivity text collate "C" not null default 'normal' check (sensitivity in ('normal', 'restricted'));
