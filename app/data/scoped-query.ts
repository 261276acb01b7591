// One statement and the scope that it runs in, in one message to the server: pg's own query with two protocol messages more.
// Tested by row-level-security.test.ts: every statement of a tenant there is one.
import { Query, type QueryResult } from 'pg';

/** In whose name statements run: held by row-level security to one tenant, and to reading where nothing is to change. */
export interface Scope {
  readonly role: string;
  readonly tenantId: string;
  readonly readOnly: boolean;
}

/** What of pg's connection is used here, which its types leave out. */
interface Wire {
  parse(message: { readonly text: string }): void;
  bind(message: { readonly values: readonly string[] }): void;
  execute(message: object): void;
}
interface InternalQuery {
  prepare(wire: Wire): void;
  _getRows(wire: Wire, rows: undefined): void;
  handleDataRow(message: object): void;
  handleCommandComplete(message: object, wire: Wire): void;
}
type Callback = (error: Error | null, result: QueryResult) => void;
const PgQuery = Query as unknown as new (config: { readonly text: string; readonly values: readonly unknown[]; readonly queryMode: 'extended'; readonly callback: Callback }) => InternalQuery;

const ENTER = "select set_config('role', $1, true), set_config('app.tenant_id', $2, true)";
const ENTER_READ_ONLY = `${ENTER}, set_config('transaction_read_only', 'on', true)`;

/**
 * Statements up to a Sync are one transaction (PostgreSQL's protocol, "Extended Query" and "Pipelining"): the settings hold for
 * the statement that follows them, in the same round trip, and end with it. After `begin` they hold until its end.
 */
export class ScopedQuery extends PgQuery {
  readonly #scope: Scope;
  /** Which of the two statements the settings are. */
  readonly #ordinal: 0 | 1;
  #completed = 0;

  constructor(text: string, values: readonly unknown[], scope: Scope, callback: Callback) {
    super({ text, values, queryMode: 'extended', callback });
    this.#scope = scope;
    this.#ordinal = beginsTransaction(text) ? 1 : 0;
  }

  override prepare(wire: Wire): void {
    if (this.#ordinal === 0) this.#enter(wire);
    super.prepare(wire);
  }

  override _getRows(wire: Wire & { sync(): void }): void {
    wire.execute({});
    if (this.#ordinal === 1) this.#enter(wire);
    wire.sync();
  }

  override handleDataRow(message: object): void {
    if (this.#completed !== this.#ordinal) super.handleDataRow(message);
  }

  override handleCommandComplete(message: object, wire: Wire): void {
    if (this.#completed !== this.#ordinal) super.handleCommandComplete(message, wire);
    this.#completed += 1;
  }

  #enter(wire: Wire): void {
    const { role, tenantId, readOnly } = this.#scope;
    wire.parse({ text: readOnly ? ENTER_READ_ONLY : ENTER });
    wire.bind({ values: [role, tenantId] });
    wire.execute({});
  }
}

export function beginsTransaction(text: string): boolean {
  return text === 'begin' || text.startsWith('start transaction');
}
