// A client that moves stock as a careful program would: a key for each request, and the same key again until it is answered.
// Tested by crash.proof.ts: all that is judged there went through it.
import { randomUUID } from 'node:crypto';
import { itemSchema, type MovementBody, movementPageSchema } from '../schemas.ts';
import type { Answer, Attempt, StoredItem } from './verdict.ts';

export type Person = 'clerk' | 'manager';
export type Tokens = Readonly<Record<Person, string>>;
export type Outcome = 'answered' | 'try again' | 'no answer';
type OpenAttempt = Attempt & { readonly answers: Answer[] };

const SKUS = ['CRASH-1', 'CRASH-2', 'CRASH-3'];
const LEDGER_PAGE = 100;

/** mulberry32: the same seed, the same choices. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** What a request came to, for who watches; status 0 is no answer. */
export interface Observation {
  readonly tookMs: number;
  readonly status: number;
  readonly retryAfter: boolean;
}

export class MovementClient {
  readonly attempts: OpenAttempt[] = [];
  readonly #origin: () => string;
  readonly #tokens: Tokens;
  readonly #random: (below: number) => number;
  readonly #observe: (observation: Observation) => void;
  /** Those whose request is under way. */
  readonly #asked = new Set<OpenAttempt>();

  /** `origin` may change from request to request, as behind a load balancer. */
  constructor(origin: string | (() => string), tokens: Tokens, random: (below: number) => number, observe: (observation: Observation) => void = () => undefined) {
    this.#observe = observe;
    this.#origin = typeof origin === 'string' ? () => origin : origin;
    this.#tokens = tokens;
    this.#random = random;
  }

  /** Requests that no answer is known of. */
  get open(): number {
    return this.attempts.filter(({ answers }) => answers.length === 0).length;
  }

  async createItems(): Promise<void> {
    for (const sku of SKUS) {
      const { status } = await this.#post('manager', '/items', { sku, name: `Proof ${sku}`, location: 'Nowhere', unit: 'piece' });
      if (status !== 201) throw new Error(`${sku} could not be created: ${status}`);
    }
  }

  /** A question that is still open from an earlier failure, an answered one again, or a new one. */
  next(): OpenAttempt {
    const open = this.attempts.find((attempt) => attempt.answers.length === 0 && !this.#asked.has(attempt));
    const old = this.#random(8) === 0 ? this.attempts[this.#random(this.attempts.length || 1)] : undefined;
    const known = open ?? old;
    if (known !== undefined) return known;
    const attempt: OpenAttempt = { key: randomUUID(), sku: SKUS[this.#random(SKUS.length)] ?? '', delta: (this.#random(2) === 0 ? -1 : 1) * (1 + this.#random(9)), answers: [] };
    this.attempts.push(attempt);
    return attempt;
  }

  async try(attempt: OpenAttempt): Promise<Outcome> {
    const { key, sku, delta } = attempt;
    this.#asked.add(attempt);
    try {
      const answer = await this.#post('clerk', `/items/${sku}/movements`, { delta, reason: delta > 0 ? 'received' : 'sold', note: key }, { 'idempotency-key': key });
      if (isForLater(answer)) return 'try again';
      attempt.answers.push(answer);
      return 'answered';
    } catch (error) {
      // fetch: no connection, or one that ended in the middle.
      if (error instanceof TypeError || error instanceof SyntaxError) return 'no answer';
      throw error;
    } finally {
      this.#asked.delete(attempt);
    }
  }

  async readItems(): Promise<readonly StoredItem[]> {
    return Promise.all(SKUS.map((sku) => this.#readItem(sku)));
  }

  async #readItem(sku: string): Promise<StoredItem> {
    const { quantity } = itemSchema.parse(await this.#get(`/items/${sku}`));
    const ledger: MovementBody[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = movementPageSchema.parse(await this.#get(`/items/${sku}/movements?limit=${LEDGER_PAGE}${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`));
      ledger.unshift(...page.movements.reverse());
      cursor = page.nextCursor;
    }
    return { sku, quantity, ledger };
  }

  async #get(route: string): Promise<unknown> {
    return (await fetch(`${this.#origin()}/api/v1${route}`, { headers: { authorization: `Bearer ${this.#tokens.manager}` } })).json();
  }

  async #post(person: Person, route: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const from = performance.now();
    let [status, retryAfter] = [0, false];
    try {
      const response = await fetch(`${this.#origin()}/api/v1${route}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${this.#tokens[person]}`, 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
      const answer = { status: response.status, body: (await response.json()) as unknown };
      [status, retryAfter] = [response.status, response.headers.has('retry-after')];
      return answer;
    } finally {
      this.#observe({ tookMs: performance.now() - from, status, retryAfter });
    }
  }
}

/** What tells a client to come back is no answer to its request: overloaded, database away, token expired, too many, the same key still running. */
function isForLater({ status, body }: Answer): boolean {
  return status === 503 || status === 401 || status === 429 || (status === 409 && JSON.stringify(body).includes('idempotency-key-in-use'));
}
