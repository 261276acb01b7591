-- Items and the ledger of their movements. Sorting and comparing are by code point (collate "C"), so that a page of the
-- list and its cursor agree on every server, whatever its locale.
create table item (
  tenant_id text collate "C" not null,
  sku text collate "C" not null check (sku ~ '^[A-Z0-9][A-Z0-9-]{0,31}$'),
  name text collate "C" not null check (char_length(name) between 1 and 120),
  location text collate "C" not null check (char_length(location) between 1 and 80),
  unit text collate "C" not null check (char_length(unit) between 1 and 20),
  quantity integer not null default 0 check (quantity >= 0),
  reorder_level integer not null check (reorder_level >= 0),
  status text collate "C" not null default 'active' check (status in ('active', 'retired')),
  version integer not null default 1 check (version >= 1),
  -- Milliseconds, as JavaScript has them: a finer value would not survive the way through a cursor.
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  primary key (tenant_id, sku),
  constraint item_retired_is_empty check (status = 'active' or quantity = 0)
);
create index item_name_idx on item (tenant_id, lower(name), sku);
create index item_quantity_idx on item (tenant_id, quantity, sku);
create index item_updated_at_idx on item (tenant_id, updated_at, sku);
create index item_location_idx on item (tenant_id, location, sku);

create table movement (
  tenant_id text collate "C" not null,
  id uuid not null,
  sku text collate "C" not null,
  -- The item's version that the movement made: the ledger's order, which no clock can disturb.
  item_version integer not null check (item_version >= 2),
  delta integer not null check (delta <> 0),
  reason text collate "C" not null check (reason in ('received', 'sold', 'returned', 'damaged', 'count')),
  note text collate "C" check (char_length(note) between 1 and 200),
  actor_id text collate "C" not null check (char_length(actor_id) between 1 and 255),
  actor_name text collate "C" not null check (char_length(actor_name) between 1 and 255),
  quantity_after integer not null check (quantity_after >= 0),
  occurred_at timestamptz(3) not null,
  primary key (tenant_id, id),
  constraint movement_ledger_key unique (tenant_id, sku, item_version),
  constraint movement_item_fkey foreign key (tenant_id, sku) references item (tenant_id, sku)
);
create index movement_recent_idx on movement (tenant_id, occurred_at, sku, item_version);
