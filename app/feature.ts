// The contract between the platform and a feature: types, and the constructors that infer them.
import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { z } from 'zod';
import type { Refusal } from '#app/errors.ts';
import type { Html } from '#app/lib/html.ts';

export const ROLES = ['viewer', 'clerk', 'manager', 'auditor'] as const;
export type Role = (typeof ROLES)[number];

/** So begin the subjects that are known here and not at the provider; those of the provider may not (ASVS 6.8.1). */
export const LOCAL_SUBJECT_PREFIX = 'account:';

/** How sure we are of who asks. Where a part is absent it is not known, and whatever asks for it is denied. */
export interface Assurance {
  /** When the person last proved who they are (OpenID Connect `auth_time`); programs never do. */
  readonly authenticatedAt?: Date;
  /** By how many factors: 2 is NIST SP 800-63B-4's AAL2. */
  readonly factors: 1 | 2;
}

/** Who asks: the result of authentication, the same for a browser session and a bearer token. */
export interface Subject {
  readonly tenantId: string;
  /** The provider's `sub`, or a name of our own that begins with `LOCAL_SUBJECT_PREFIX`. */
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly credential:
    | { readonly kind: 'session'; readonly sessionId: string; readonly expiresAt: Date }
    // Absent scopes: the token names none.
    | { readonly kind: 'bearer'; readonly expiresAt: Date; readonly scopes?: readonly string[] };
  readonly assurance?: Assurance;
  /** The request is unlike those that the session began with. */
  readonly risk?: 'elevated';
}

/** `<resource>:<verb>`, for example `items:read`. */
export type Action = `${string}:${string}`;
export type Grants = Readonly<Record<Action, readonly Role[]>>;

/** What an action is done to, as far as the policy asks (NIST SP 800-162). */
export interface Resource {
  readonly tenant?: string;
  /** Id of the subject whose it is. */
  readonly owner?: string;
  readonly sensitivity?: string;
}
/** What the policy asks of an answer. */
export interface Obligations {
  /** Fields of this kind of resource that must not be in it. */
  readonly omit: readonly string[];
  /** Resources of other sensitivities must not be in it; for the query, so that pages and counts are right. */
  readonly sensitivities: readonly string[];
}
export type Decision =
  | { readonly allowed: true; readonly reason: string; readonly obligations: Obligations }
  | { readonly allowed: false; readonly reason: string; readonly stepUp?: StepUp };
/** What the person must have proved before they may: so many seconds ago at most, by so many factors (RFC 9470). */
export interface StepUp {
  readonly maxAgeS: number;
  readonly factors: Assurance['factors'];
}
/** A feature's own part of the policy's data, beside its grants. */
export interface AccessRules {
  /** Actions that the owner of a resource may do to it, whatever their role. */
  readonly ownerActions?: readonly Action[];
  readonly stepUp?: Readonly<Record<Action, StepUp>>;
  /** Actions by which people get a second factor: open to one factor where the service asks for two. */
  readonly enrolment?: readonly Action[];
  /** Kind of resource → field → who may see it; a field that isn't named here is seen by all. */
  readonly fields?: Readonly<Record<string, Readonly<Record<string, readonly Role[]>>>>;
  /** Kind of resource → sensitivity → who is cleared for it; everybody is for `normal`. */
  readonly sensitivities?: Readonly<Record<string, Readonly<Record<string, readonly Role[]>>>>;
}
/** The decision that let the request in, and others about what it has found. */
export interface RequestAccess {
  readonly obligations: Obligations;
  readonly decide: (action: Action, resource: Resource) => Decision;
}

/** What is still known of a person whom records name. */
export interface KnownPerson {
  /** `Subject.id`. */
  readonly subjectId: string;
  readonly name: string;
}
/** The people of one tenant. A record names them by a random id and so outlives the name, which can be erased (GDPR, Article 17). */
export interface People {
  /** The id of this person, made at the first time. */
  idOf(person: Pick<Subject, 'id' | 'name'>): Promise<string>;
  /** By id; who was erased is absent. */
  known(ids: Iterable<string>): Promise<ReadonlyMap<string, KnownPerson>>;
  /** Under the person's own key; `place` is where it is kept, `table.column`. */
  seal(personId: string, text: string, place: string): Promise<Buffer>;
  /** Undefined once the person is erased. */
  open(personId: string, sealed: Uint8Array, place: string): Promise<string | undefined>;
}

/** What the audit trail says of a change, beside who, when, and by which action: nothing personal, people by their id. */
export interface RecordedFacts {
  /** What it was done to; the request's path where nothing is said. */
  readonly resource?: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The query builder without tables; a feature adds its own with `$extendTables<Tables>()`. */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- Kysely adds tables to an empty schema
export type Database = Kysely<{}>;

export interface EventDraft {
  /** One of the feature's event types, `<feature>.<noun>.<past tense>.v<major>`. */
  readonly type: string;
  /** The resource that it is about (CloudEvents `subject`), for example `items/A-1`. */
  readonly subject: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What may be subscribed to on the live stream, and the action that allows it. */
export interface EventType {
  readonly action: Action;
  readonly summary: string;
  readonly data: z.ZodType;
}

export interface ResponseSpec {
  readonly description: string;
  /** Absent where the answer has no body, and for problems (the platform knows their schema). */
  readonly schema?: z.ZodType;
}
/** Status → response. The platform adds the problems that it answers itself (400, 401, 403, 406 …). */
export type Responses = Readonly<Record<number, ResponseSpec>>;

type SuccessStatus = 200 | 201 | 202 | 204;
type BodyOf<S> = S extends { readonly schema: infer T extends z.ZodType } ? { readonly body: z.input<T> } : { readonly body?: undefined };
export type Success<R extends Responses> = {
  [S in keyof R & SuccessStatus]: BodyOf<R[S]> & {
    readonly status: S;
    /** The representation's version without quotes; becomes a strong ETag (RFC 9110, 8.8.3). */
    readonly version?: string | number;
    /** Path of the created resource. */
    readonly location?: string;
  };
}[keyof R & SuccessStatus];

export interface ReadContext<P, Q> {
  readonly subject: Subject;
  readonly access: RequestAccess;
  readonly params: P;
  readonly query: Q;
  /** Row-level security shows the subject's tenant alone; nothing can be written. */
  readonly db: Database;
  readonly people: Pick<People, 'known' | 'open'>;
  readonly log: Logger;
  readonly now: Date;
  readonly requestId: string;
}
export interface WriteContext<P, B> {
  readonly subject: Subject;
  readonly access: RequestAccess;
  readonly params: P;
  readonly body: B;
  /** A transaction of the subject's tenant alone, which the platform commits on success and rolls back on a refusal or an error. */
  readonly db: Database;
  readonly people: People;
  /** Who asks, as records name them. */
  readonly actor: string;
  /** Writes an event to the outbox in this transaction. */
  readonly publish: (event: EventDraft) => Promise<void>;
  /** Adds to this change's entry in the audit trail, which the platform writes in this transaction. */
  readonly record: (facts: RecordedFacts) => void;
  /** Whether the client's `If-Match` names this version (RFC 9110, 13.1.1); true where the command asks for none. */
  readonly matches: (version: string | number) => boolean;
  /** Ends every session of a person, or all but the one that asks; counts with the transaction. */
  readonly endSessions: (person: { readonly tenantId: string; readonly id: string }, which?: { readonly exceptOwn: boolean }) => Promise<void>;
  /** Runs once the change is committed, and not when it is undone. */
  readonly afterCommit: (work: () => void) => void;
  readonly log: Logger;
  readonly now: Date;
  readonly requestId: string;
}

/** An answer of whatever length, written while the client reads, once the change and its entry in the audit trail are committed. */
export interface Streamed {
  readonly status: 200;
  /** Parts of one JSON text, read from one moment of the database. When it throws, the connection is cut off. */
  readonly stream: (context: Pick<ReadContext<unknown, unknown>, 'db' | 'people'>) => AsyncIterable<string>;
}

interface Described {
  readonly operationId: string;
  /** Below `/api/v1`, with OpenAPI's braces: `/items/{sku}`. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly action: Action;
}
/** A read: GET, no transaction, no side effect. */
export interface Query<P extends z.ZodType = z.ZodType, Q extends z.ZodType = z.ZodType, R extends Responses = Responses> extends Described {
  readonly kind: 'query';
  readonly method: 'get';
  readonly params?: P;
  readonly query?: Q;
  readonly responses: R;
  handle(context: ReadContext<z.output<P>, z.output<Q>>): Promise<Success<R> | Refusal>;
}
/** A change: one transaction; every POST honours `Idempotency-Key`. */
export interface Command<P extends z.ZodType = z.ZodType, B extends z.ZodType = z.ZodType, R extends Responses = Responses> extends Described {
  readonly kind: 'command';
  readonly method: 'post' | 'put' | 'patch' | 'delete';
  readonly params?: P;
  readonly body?: B;
  /** Demands `If-Match`: 428 without it; the handler answers 412 when `matches` is false. */
  readonly precondition?: 'if-match';
  /** It answers with a stream. That is kept under no `Idempotency-Key`: who asks again is answered anew. */
  readonly streams?: true;
  readonly responses: R;
  handle(context: WriteContext<z.output<P>, z.output<B>>): Promise<Success<R> | Streamed | Refusal>;
}

export interface PageView {
  readonly status?: number;
  readonly title: string;
  readonly body: Html;
  /** File names in the feature's `assets/`: scripts load as modules, `.ts` with its types stripped. */
  readonly scripts?: readonly string[];
  readonly styles?: readonly string[];
}
export interface Redirect {
  /** A path on this origin; answered with 303. */
  readonly redirect: string;
}
/** A file that the browser saves. */
export interface Download {
  readonly download: Pick<Streamed, 'stream'> & { readonly fileName: string };
}
export interface PageContext<P, Q> extends ReadContext<P, Q> {
  readonly can: (action: Action) => boolean;
  /** Where the live stream stood before the page read anything: a client that listens from here misses nothing. */
  readonly position: number;
}
/** A server-rendered page (GET). */
export interface Page<P extends z.ZodType = z.ZodType, Q extends z.ZodType = z.ZodType> {
  readonly kind: 'page';
  readonly method: 'get';
  /** From the root, with OpenAPI's braces. */
  readonly path: string;
  readonly action: Action;
  /** Text of the link in the header, where the page belongs there. */
  readonly navigation?: string;
  /** Text of the link beside the person's name, where it is about themselves. */
  readonly personal?: string;
  readonly params?: P;
  readonly query?: Q;
  handle(context: PageContext<z.output<P>, z.output<Q>>): Promise<PageView | Redirect | Refusal>;
}
/** A form's POST: one transaction; a hidden field `idempotencyKey` makes a double click run once. */
export interface Form<P extends z.ZodType = z.ZodType, B extends z.ZodType = z.ZodType> {
  readonly kind: 'form';
  readonly method: 'post';
  readonly path: string;
  readonly action: Action;
  readonly params?: P;
  /** Fields arrive as text: coerce. `idempotencyKey` is taken out before. */
  readonly body: B;
  /** A page as the answer is for what is shown once; it is not kept under an idempotency key. */
  handle(context: WriteContext<z.output<P>, z.output<B>>): Promise<((PageView | Redirect | Download) & BrowserChange) | Refusal>;
}

/** `failed`: wrong proof; `denied`: called off, there or by the person; `refused`: known, and not taken here; `expired`: not begun here, or too long ago; `delayed`: after too many. */
export const SIGN_IN_OUTCOMES = ['passed', 'failed', 'denied', 'refused', 'expired', 'delayed', 'unavailable'] as const;
export type SignInOutcome = (typeof SIGN_IN_OUTCOMES)[number];
export type CountSignIn = (outcome: SignInOutcome) => void;

/** Somebody who has just proved who they are to a feature. */
export interface SignIn {
  readonly person: Pick<Subject, 'tenantId' | 'id' | 'name' | 'roles'>;
  readonly factors: Assurance['factors'];
}
/** What a form's answer does to the browser that sent it. */
export interface BrowserChange {
  /** Begins a new session; the one before it, if any, ends (ASVS 7.2.4). */
  readonly signIn?: SignIn;
  /** A value that this browser brings back to this feature alone: base64url, at most 256 characters. */
  readonly keep?: { readonly value: string; readonly maxAgeS: number };
}

/** Nobody has to be signed in: ways in, mostly. Counted by the limit for sign-ins. */
export interface PublicContext<P, Q> {
  readonly subject: Subject | undefined;
  readonly params: P;
  readonly query: Q;
  /** As `FeatureParts.database`: nobody is known yet. No transaction. */
  readonly db: Database;
  /** Of where somebody asks to go in the end, the path on this origin; `/` for anywhere else (CWE-601). */
  readonly localPath: (target: string | undefined) => string;
  /** The client's, as the trusted proxies tell it; of IPv6 the network. */
  readonly address: string;
  readonly kept: string | undefined;
  readonly log: Logger;
  readonly now: Date;
  readonly requestId: string;
}
export interface PublicPage<P extends z.ZodType = z.ZodType, Q extends z.ZodType = z.ZodType> {
  readonly kind: 'public-page';
  readonly method: 'get';
  readonly path: string;
  readonly params?: P;
  readonly query?: Q;
  handle(context: PublicContext<z.output<P>, z.output<Q>>): Promise<PageView | Redirect | Refusal>;
}
export interface PublicForm<P extends z.ZodType = z.ZodType, B extends z.ZodType = z.ZodType> {
  readonly kind: 'public-form';
  readonly method: 'post';
  readonly path: string;
  readonly params?: P;
  readonly body: B;
  handle(context: PublicFormContext<z.output<P>, z.output<B>>): Promise<((PageView | Redirect) & BrowserChange) | Refusal>;
}
export interface PublicFormContext<P, B> extends PublicContext<P, undefined> {
  readonly body: B;
  readonly endSessions: EndSessions;
  readonly recordChange: RecordChange;
}
/** Ends every session of a person but for the excepted, in the transaction of the change that asks for it. */
export type EndSessions = (db: Database, person: { readonly tenantId: string; readonly id: string }, exceptId?: string) => Promise<void>;
/**
 * Adds an entry to the audit trail, in the transaction of the change that it tells of, under one of the feature's own actions.
 * Nobody is signed in: `person` is who has just proved to be a subject of the feature, by a mailed link for instance.
 */
export type RecordChange = (db: Database, change: RecordedFacts & { readonly action: Action; readonly person: Pick<Subject, 'tenantId' | 'id' | 'name'> }) => Promise<void>;

/* eslint-disable @typescript-eslint/no-explicit-any -- a list of routes with different schemas has no other common type;
   the constructors below have checked each one */
export type Operation = Query<any, any, any> | Command<any, any, any>;
export type PageRoute = Page<any, any> | Form<any, any>;
export type PublicRoute = PublicPage<any, any> | PublicForm<any, any>;
/* eslint-enable @typescript-eslint/no-explicit-any */

export function defineQuery<P extends z.ZodType, Q extends z.ZodType, const R extends Responses>(
  query: Omit<Query<P, Q, R>, 'kind' | 'method'>,
): Query<P, Q, R> {
  return { kind: 'query', method: 'get', ...query };
}
export function defineCommand<P extends z.ZodType, B extends z.ZodType, const R extends Responses>(
  command: Omit<Command<P, B, R>, 'kind'>,
): Command<P, B, R> {
  return { kind: 'command', ...command };
}
export function definePage<P extends z.ZodType, Q extends z.ZodType>(page: Omit<Page<P, Q>, 'kind' | 'method'>): Page<P, Q> {
  return { kind: 'page', method: 'get', ...page };
}
export function defineForm<P extends z.ZodType, B extends z.ZodType>(form: Omit<Form<P, B>, 'kind' | 'method'>): Form<P, B> {
  return { kind: 'form', method: 'post', ...form };
}
export function definePublicPage<P extends z.ZodType, Q extends z.ZodType>(page: Omit<PublicPage<P, Q>, 'kind' | 'method'>): PublicPage<P, Q> {
  return { kind: 'public-page', method: 'get', ...page };
}
export function definePublicForm<P extends z.ZodType, B extends z.ZodType>(form: Omit<PublicForm<P, B>, 'kind' | 'method'>): PublicForm<P, B> {
  return { kind: 'public-form', method: 'post', ...form };
}

/** What a feature is handed; it imports nothing of the platform by value but this file, `errors` and `lib`. */
export interface FeatureParts {
  /** Bound to no tenant, and sees of the feature's tables what its migrations grant and show to `app_platform`. */
  readonly database: Database;
  /** The feature's settings: the environment's variables that begin with its name in capitals (`ACCOUNTS_…`). */
  readonly settings: Readonly<Record<string, string>>;
  readonly production: boolean;
  /** By how many factors people must have signed in (ASVS 6.3.3). */
  readonly signInFactors: Assurance['factors'];
  readonly publicUrl: string;
  readonly log: Logger;
  /** A feature's metrics begin with `stockade_<feature>_`, and go with it. */
  readonly metrics: Registry;
  /** Of a way to sign in that the feature brings, named once: attempts are counted with those of all other ways. */
  readonly countSignIns: (way: string) => CountSignIn;
  readonly clock: () => Date;
}

/** A way to sign in beside the provider's: a public page that takes `return_to`, and `factors=2` where two are asked for. */
export interface WayIn {
  readonly text: string;
  readonly path: string;
}

export interface Feature {
  readonly operations: readonly Operation[];
  readonly pages: readonly PageRoute[];
  readonly publicPages?: readonly PublicRoute[];
  readonly waysIn?: readonly WayIn[];
  /** Ends what the feature runs in the background; the last requests are answered by then. */
  stop?(): Promise<void>;
}

/** GDPR, Article 6(1), in its own words. Where nothing rests on consent there is none to ask for, and none to withdraw. */
export type LegalBasis = 'contract' | 'legal obligation' | 'legitimate interests';

/** Which rows of a table are a person's. */
export type RowsOfPerson =
  /** By the id of records (`person`), or by `Subject.id`; `prefix` is what stands before the column's value in that. */
  | { readonly column: string; readonly holds: 'person' | 'subject'; readonly prefix?: string }
  /** Those that point to a row of the person in another table of the same owner. */
  | { readonly column: string; readonly of: string }
  /** Nobody can tell (GDPR, Article 11): why. */
  | { readonly unknown: string };

/** One column: what it is. `sealed` is under the person's own key; a `secret` is theirs to use, and not to be shown. */
export type PersonalColumn = string | { readonly what: string; readonly form: 'sealed' | 'secret' };

/** What one table holds of people: from it come the record of processing, the export, the erasure and the retention. */
export interface PersonalTable {
  readonly table: string;
  readonly purpose: string;
  readonly basis: LegalBasis;
  /** As people are told. With `days`, the platform removes a row so long after `from`. */
  readonly kept: string | { readonly days: number; readonly from: string };
  readonly rows: RowsOfPerson;
  readonly columns: Readonly<Record<string, PersonalColumn>>;
  /** The others, so that no column is forgotten. */
  readonly otherColumns: readonly string[];
  /** `unlink`: the row stays, under an id that leads to nobody any more. `blank`: their name in its JSON `data` goes. */
  readonly erasure: 'delete' | 'unlink' | 'blank' | 'expires';
}
/** Of every table of one owner; a test holds it against the schema. */
export interface PersonalData {
  /** What points to a row stands before it. */
  readonly personal: readonly PersonalTable[];
  /** Table → why nothing in it is about a person. */
  readonly impersonal: Readonly<Record<string, string>>;
}

/** `features/<name>/feature.ts` exports this as `feature`; the folder's name is the feature's name. */
export interface FeatureModule {
  /** Human title, for the documentation's grouping. */
  readonly title: string;
  readonly grants: Grants;
  readonly rules?: AccessRules;
  readonly events: Readonly<Record<string, EventType>>;
  /** What its tables hold of people. */
  readonly personalData?: PersonalData;
  /** Example rows for the embedded database; runs at each start for each seeded tenant, and leaves alone one that has rows. */
  seed?(context: { readonly db: Database; readonly people: People; readonly tenantId: string; readonly now: Date }): Promise<void>;
  create(parts: FeatureParts): Feature;
}
