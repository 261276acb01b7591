// Finds what is a person's in the tables of the register: for the export, and for the erasure.
import { type RawBuilder, sql } from 'kysely';
import type { Database, People, PersonalColumn, PersonalTable } from '#app/feature.ts';
import type { Register } from '#app/privacy/register.ts';

export interface Whose {
  readonly tenantId: string;
  readonly subjectId: string;
  /** Undefined where no record names them. */
  readonly personId: string | undefined;
}

export interface ExportedTable {
  readonly table: string;
  readonly purpose: string;
  readonly basis: string;
  readonly kept: string;
  /** Column → what it is. */
  readonly columns: Readonly<Record<string, string>>;
  /** Columns that are kept and not shown. */
  readonly withheld: Readonly<Record<string, string>>;
  /** To be read before the next table is asked for. */
  readonly pages: AsyncIterable<readonly Readonly<Record<string, unknown>>[]>;
}

/** All of it, in the caller's transaction, so that it is of one moment (GDPR, Articles 15 and 20). */
export function* exportTables(tx: Database, register: Register, whose: Whose, people: Pick<People, 'open' | 'known'>): Generator<ExportedTable> {
  for (const entry of register) {
    const shown = Object.entries(entry.columns).filter(([, column]) => formOf(column) !== 'secret');
    const condition = conditionOf(register, entry, whose);
    yield {
      table: entry.table,
      purpose: entry.purpose,
      basis: entry.basis,
      kept: describeKept(entry),
      columns: Object.fromEntries(shown.map(([name, column]) => [name, whatOf(column)])),
      withheld: Object.fromEntries(Object.entries(entry.columns).filter(([, column]) => formOf(column) === 'secret').map(([name, column]) => [name, whatOf(column)])),
      pages: readPages(tx, entry, shown.map(([name]) => name), condition, (row) => openRow(entry, row, whose, people)),
    };
  }
}

export async function countRows(db: Database, register: Register, whose: Whose): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const entry of register) {
    const condition = conditionOf(register, entry, whose);
    if (condition === undefined) continue;
    const { rows: [row] } = await sql<{ count: number }>`select count(*)::integer as count from ${sql.table(entry.table)} where ${condition}`.execute(db);
    counts.set(entry.table, row?.count ?? 0);
  }
  return counts;
}

export const ERASED = 'Erased person';

/** Removes or unlinks it, table by table. `values`: what of the person may stand in the data of events. Returns how many rows went. */
export async function eraseRows(tx: Database, register: Register, whose: Whose, values: readonly string[]): Promise<number> {
  let erased = 0;
  for (const entry of register) {
    const condition = conditionOf(register, entry, whose);
    if (condition === undefined) continue;
    if (entry.erasure === 'delete') erased += Number((await sql`delete from ${sql.table(entry.table)} where ${condition}`.execute(tx)).numAffectedRows ?? 0n);
    if (entry.erasure === 'blank') await sql`update ${sql.table(entry.table)} set data = ${values.reduce(blank, sql`data::text`)}::jsonb where ${condition}`.execute(tx);
  }
  await blankAnswers(tx, whose, values);
  return erased;
}

/** What others were answered about them, and is kept to be answered again: the key stays, so that nothing is done twice. */
async function blankAnswers(tx: Database, { tenantId }: Whose, values: readonly string[]): Promise<void> {
  // Nothing names who can't be named.
  if (values.length === 0) return;
  const mentions = values.map((value) => sql`strpos(body, ${JSON.stringify(value)}) > 0`);
  await sql`update idempotency_key set body = '', headers = '{}' where tenant_id = ${tenantId} and (${sql.join(mentions, sql` or `)})`.execute(tx);
}

export function describeKept({ kept }: Pick<PersonalTable, 'kept'>): string {
  return typeof kept === 'string' ? kept : `${kept.days} days from ${kept.from}`;
}

export function whatOf(column: PersonalColumn): string {
  return typeof column === 'string' ? column : column.what;
}

function formOf(column: PersonalColumn): 'plain' | 'sealed' | 'secret' {
  return typeof column === 'string' ? 'plain' : column.form;
}

/** A whole JSON text, quotes included, so that no part of another one is met. */
function blank(text: RawBuilder<unknown>, value: string): RawBuilder<unknown> {
  return sql`replace(${text}, to_jsonb(${value}::text)::text, to_jsonb(${ERASED}::text)::text)`;
}

/** Undefined where no row can be told to be theirs. */
function conditionOf(register: Register, { table, rows }: PersonalTable, whose: Whose): RawBuilder<boolean> | undefined {
  if ('unknown' in rows) return undefined;
  if ('of' in rows) {
    const parent = register.find((entry) => entry.table === rows.of);
    if (parent === undefined) throw new TypeError(`The register says that rows of ${table} belong to ${rows.of}, which is not in it.`);
    const condition = conditionOf(register, parent, whose);
    return condition && sql<boolean>`tenant_id = ${whose.tenantId} and ${sql.ref(rows.column)} in (select id from ${sql.table(rows.of)} where ${condition})`;
  }
  const id = rows.holds === 'person' ? whose.personId : whose.subjectId;
  if (id === undefined) return undefined;
  return sql<boolean>`tenant_id = ${whose.tenantId} and ${rows.prefix === undefined ? sql`${sql.ref(rows.column)}::text` : sql`${rows.prefix}::text || ${sql.ref(rows.column)}::text`} = ${id}`;
}

async function* readPages(tx: Database, { table }: PersonalTable, columns: readonly string[], condition: RawBuilder<boolean> | undefined, openOne: (row: Row) => Promise<Row>): AsyncGenerator<readonly Row[]> {
  if (condition === undefined) return;
  await sql`declare personal_rows no scroll cursor for select ${sql.join(columns.map((column) => sql.ref(column)))} from ${sql.table(table)} where ${condition}`.execute(tx);
  for (;;) {
    const { rows } = await sql<Row>`fetch 500 from personal_rows`.execute(tx);
    if (rows.length === 0) break;
    yield await Promise.all(rows.map(openOne));
  }
  await sql`close personal_rows`.execute(tx);
}
type Row = Readonly<Record<string, unknown>>;

/** As JSON can carry it. */
async function openRow({ table, columns }: PersonalTable, row: Row, { personId }: Whose, people: Pick<People, 'open' | 'known'>): Promise<Row> {
  const opened: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(row)) {
    const form = formOf(columns[name] ?? '');
    if (table === 'person' && form === 'sealed') opened[name] = personId && (await people.known([personId])).get(personId);
    else if (form === 'sealed' && value instanceof Uint8Array && personId !== undefined) opened[name] = await people.open(personId, value, `${table}.${name}`);
    else opened[name] = value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
  }
  return opened;
}
