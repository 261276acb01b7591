// The one place where settings become values: a frozen Config, or every problem at once and no value of any.
import { createHash } from 'node:crypto';
import { unescape } from 'node:querystring';
import { z } from 'zod';
import { SIGNATURES, type Signatures } from '#app/identity/signatures.ts';
import { TOKEN_PROFILES, type TokenProfileName } from '#app/identity/token-profiles.ts';
import { type Key, parseKeys } from '#app/lib/keys.ts';
import type { KeyProviderConfig } from '#app/privacy/key-provider.ts';
import { type Current, followSecret, readSecretFiles, type SecretFiles } from '#app/secrets.ts';

export interface Config {
  readonly production: boolean;
  /** The commit that was built. */
  readonly revision: string;
  readonly host: string;
  readonly port: number;
  /** Whether this process speaks TLS itself, with a certificate of its own making, on both ports. */
  readonly listenTls: boolean;
  /** Origin that browsers use, without a trailing slash. */
  readonly publicUrl: string;
  /** Origins of other pages that may use the API. */
  readonly corsOrigins: readonly string[];
  /** Where to report a vulnerability, as a URI: for security.txt (RFC 9116). */
  readonly securityContact: string | undefined;
  readonly admin: { readonly host: string; readonly port: number };
  readonly database: DatabaseConfig;
  readonly identity: IdentityConfig;
  /** What wraps the service's own keys, for personal data and the audit trail. */
  readonly privacy: {
    readonly provider: KeyProviderConfig;
    /** Where the audit trail's checkpoints go beside the database; undefined puts them into the log. */
    readonly checkpointFile: string | undefined;
    /** How often the service holds its audit trail against itself. */
    readonly verifyMs: number;
  };
  readonly access: { readonly grantsFile: string | undefined; readonly logAllowedOneIn: number };
  readonly live: LiveConfig;
  readonly limits: LimitsConfig;
  readonly connections: ConnectionsConfig;
  /** Requests are refused while the event loop is later than this. */
  readonly overload: { readonly maxLagMs: number };
  readonly shutdown: ShutdownConfig;
  /** Undefined: no spans, and nothing is loaded for them. */
  readonly tracing: TracingConfig | undefined;
  readonly logLevel: string;
  /** What else the environment holds: features have settings of their own. */
  readonly others: Readonly<Record<string, string>>;
}

export type DatabaseConfig =
  | { readonly kind: 'embedded'; readonly directory: string }
  | {
      readonly kind: 'server';
      readonly url: string;
      /** Where the address comes from a file: with the login as it is now. */
      readonly currentUrl?: Current<string>;
      /** Passwords are short-lived tokens of AWS IAM, for this region. */
      readonly iamRegion?: string;
      readonly poolSize: number;
      /** The schema's owner; undefined where migrations run elsewhere. */
      readonly migrationUrl?: string | undefined;
      /** In production: the server proves who it is, and row-level security holds the login. */
      readonly tls?: boolean;
      readonly leastPrivilege?: boolean;
    };

export interface IdentityConfig {
  /** Without a directory the embedded provider keeps its keys in memory (tests). */
  readonly provider: { readonly kind: 'embedded'; readonly port: number; readonly directory: string | undefined } | { readonly kind: 'server' };
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | undefined;
  /** Where its token endpoint and its keys may be, beside the issuer's own origin. */
  readonly origins?: readonly string[];
  readonly signatures: Signatures;
  readonly currentClientSecret?: Current<string>;
  /** Resource indicator of the API (RFC 8707): the `aud` that bearer tokens must carry. */
  readonly audience: string;
  /** How the provider writes access tokens. */
  readonly tokenProfile: TokenProfileName;
  readonly rolesClaim: string;
  readonly tenantClaim: string;
  /** What is asked of the provider at sign-in; `offline_access` where it gives refresh tokens for that alone. */
  readonly scope: string;
  /** The provider's names for a sign-in with two factors (`acr`). */
  readonly multiFactorAcr: readonly string[];
  readonly sessionIdleMs: number;
  readonly sessionAbsoluteMs: number;
  /** How often the provider is asked whether the person is still who they were. */
  readonly sessionRefreshMs: number;
  readonly sessionsPerPerson: number;
  /** By how many people must have signed in for whatever they do. */
  readonly signInFactors: 1 | 2;
}

export interface LiveConfig {
  readonly heartbeatMs: number;
  readonly retentionMs: number;
  readonly pollMs: number;
  /** Events that wait for one slow session before it is told to resynchronise. */
  readonly bufferLimit: number;
}

export interface LimitsConfig {
  /** Requests a minute, by what they are counted. */
  readonly perMinute: { readonly address: number; readonly 'sign-in': number; readonly read: number; readonly change: number; readonly stream: number };
  /** Proxies in front of this service that write X-Forwarded-For. */
  readonly trustedProxies: number;
  /** Valkey or Redis, where the processes count together. */
  readonly valkeyUrl: string | undefined;
  readonly currentValkeyUrl?: Current<string>;
}

export interface ConnectionsConfig {
  /** How long an idle one is kept: longer than the load balancer does, which else sends a request down one that we are closing (502). */
  readonly idleMs: number;
  readonly most: number;
  readonly mostOfAddress: number | undefined;
}

export interface TracingConfig {
  /** Of a collector that takes OTLP over HTTP. */
  readonly endpoint: string;
  /** OpenTelemetry's name of what decides which spans are kept, and the share of them where it asks for one. */
  readonly sampler: (typeof TRACE_SAMPLERS)[number];
  readonly ratio: number;
  /** Of strangers, what they say of their trace is noted; it is neither ours nor what decides whether it is kept. */
  readonly callers: 'strangers' | 'trusted';
}

export interface ShutdownConfig {
  /** How long the process answers "not ready" before it stops accepting, so that the load balancer looks away first. */
  readonly unreadyMs: number;
  readonly drainTimeoutMs: number;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Says every problem of the configuration, one a line: what, and how to mend it; never a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration has ${problems.length} problem${problems.length === 1 ? '' : 's'}:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

const port = integer(1, 65_535);

function integer(least: number, most: number) {
  const message = `must be a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, message)
    .transform(Number)
    .refine((value) => value >= least && value <= most, message);
}

function url(protocols: readonly string[]) {
  return z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), `must be a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`);
}

const origin = url(['http:', 'https:'])
  .transform((text) => (URL.canParse(text) ? new URL(text) : undefined))
  .refine((parsed) => parsed?.pathname === '/' && parsed.search === '' && parsed.username === '' && !parsed.hostname.includes('*'), 'must be an origin: scheme, host and port, no path')
  .transform((parsed) => parsed?.origin ?? '');

/** Its length is kept in one byte beside what it wrapped. */
const KMS_KEY_LONGEST = 255;
const KMS_KEY = /^(?:arn:aws[a-z-]*:kms:([a-z0-9-]+):\d{12}:(?:key|alias)|alias)\/[\w/-]+$/;

const SHARE = 'must be a number from 0 to 1';
/** https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#general-sdk-configuration */
const TRACE_SAMPLERS = ['always_on', 'always_off', 'traceidratio', 'parentbased_always_on', 'parentbased_always_off', 'parentbased_traceidratio'] as const;

/** Every setting, its form and its default; `.env.example` is tested against it. */
export const settings = {
  NODE_ENV: z.enum(['development', 'production', 'test'], 'must be development, test or production').default('development'),
  REVISION: z.string().regex(/^[\w.+-]{1,64}$/, 'must be a commit or a version: at most 64 letters, digits and .+-_').default('unknown'),
  HOST: z.string().default('127.0.0.1'),
  PORT: port.default(3000),
  LISTEN_TLS: z.enum(['off', 'self-signed'], 'must be off or self-signed').default('off'),
  PUBLIC_URL: origin.optional(),
  CORS_ORIGINS: z.string().transform((text) => text.split(',').map((one) => one.trim())).pipe(z.array(origin, 'must be origins, parted by commas')).default([]),
  SECURITY_CONTACT: z.string().regex(/^(?:mailto:[\x21-\x7e]+@|https:\/\/|tel:\+?\d)[\x21-\x7e]+$/, 'must be a URI that starts with mailto:, https:// or tel:').optional(),
  ADMIN_HOST: z.string().default('127.0.0.1'),
  ADMIN_PORT: port.default(9464),
  DATA_DIRECTORY: z.string().default('.data'),
  DATABASE_URL: url(['postgres:', 'postgresql:']).optional(),
  DATABASE_MIGRATION_URL: url(['postgres:', 'postgresql:']).optional(),
  DATABASE_MIGRATION_PASSWORD: z.string().min(1).optional(),
  DATABASE_SERVICE_LOGIN: z.string().regex(/^(?!(?:pg_|rds|app_)|(?:none|postgres|public)$)[a-z_][a-z0-9_]{0,62}$/, 'must be a name of lower-case letters, digits and underscores, and none of PostgreSQL, RDS or the roles app_…').optional(),
  DATABASE_POOL_SIZE: integer(1, 500).default(10),
  DATABASE_AUTH: z.enum(['password', 'aws-iam'], 'must be password or aws-iam').default('password'),
  OIDC_ISSUER: url(['http:', 'https:']).refine((text) => !URL.canParse(text) || new URL(text).username + new URL(text).password === '', 'must not hold a login').optional(),
  OIDC_CLIENT_ID: z.string().min(1).optional(),
  OIDC_CLIENT_SECRET: z.string().min(16, 'must have at least 16 characters').optional(),
  OIDC_AUDIENCE: z.string().min(1).optional(),
  OIDC_SCOPE: z.string().regex(/^openid(?![^ ])[\x20-\x7e]*$/, 'must be scopes parted by blanks, openid first').default('openid profile'),
  OIDC_MULTI_FACTOR_ACR: z.string().regex(/^[\x20-\x7e]+$/, 'must be values parted by blanks').optional(),
  SIGN_IN_FACTORS: z.enum(['1', '2'], 'must be 1 or 2').optional(),
  OIDC_ORIGINS: z.string().transform((text) => text.split(',').map((one) => one.trim())).pipe(z.array(origin, 'must be origins, parted by commas')).default([]),
  OIDC_SIGNATURES: z.enum(SIGNATURES, `must be one of ${SIGNATURES.join(', ')}`).optional(),
  OIDC_TOKEN_PROFILE: z.enum(TOKEN_PROFILES, `must be one of ${TOKEN_PROFILES.join(', ')}`).default('rfc9068'),
  OIDC_ROLES_CLAIM: z.string().min(1).default('roles'),
  OIDC_TENANT_CLAIM: z.string().min(1).default('tenant'),
  PROVIDER_PORT: port.optional(),
  PRIVACY_KEYS: z.string().transform((text) => parseKeys(text)).refine((keys) => keys !== undefined, 'must be "<id>:<32 random bytes as base64url>", parted by commas, the current one first').optional(),
  PRIVACY_KMS_KEY: z.string().transform((text) => text.split(',').map((one) => one.trim())).refine((keys) => keys.every((key) => KMS_KEY.test(key) && key.length <= KMS_KEY_LONGEST), 'must be ARNs of KMS keys or aliases, or alias/…, parted by commas, the current one first').optional(),
  AUDIT_CHECKPOINT_FILE: z.string().min(1).optional(),
  AUDIT_VERIFY_SECONDS: integer(1, 604_800).default(600),
  AWS_REGION: z.string().regex(/^[a-z]{2,}-[a-z0-9-]+$/, 'must be the name of a region').optional(),
  SESSION_IDLE_MINUTES: integer(1, 1_440).default(30),
  SESSION_ABSOLUTE_HOURS: integer(1, 168).default(12),
  SESSION_REFRESH_MINUTES: integer(1, 1_440).default(10),
  SESSIONS_PER_PERSON: integer(1, 1_000).default(10),
  ACCESS_GRANTS_FILE: z.string().optional(),
  ACCESS_LOG_ALLOWED_ONE_IN: integer(1, 1_000_000).default(100),
  EVENT_RETENTION_HOURS: integer(1, 8_760).default(24),
  EVENT_POLL_MS: integer(50, 60_000).default(1_000),
  LIVE_HEARTBEAT_SECONDS: integer(1, 2_000).default(20),
  LIVE_BUFFER_EVENTS: integer(1, 100_000).default(256),
  RATE_LIMIT_ADDRESS: integer(1, 100_000_000).default(1_200),
  RATE_LIMIT_SIGN_IN: integer(1, 100_000_000).default(60),
  RATE_LIMIT_READ: integer(1, 100_000_000).default(600),
  RATE_LIMIT_CHANGE: integer(1, 100_000_000).default(300),
  RATE_LIMIT_STREAM: integer(1, 100_000_000).default(60),
  TRUSTED_PROXIES: integer(0, 10).default(0),
  LOAD_BALANCER_IDLE_SECONDS: integer(2, 4_000).default(60),
  MAX_CONNECTIONS: integer(10, 1_000_000).default(12_000),
  MAX_CONNECTIONS_OF_ADDRESS: integer(10, 1_000_000).default(1_000),
  VALKEY_URL: url(['redis:', 'rediss:', 'valkey:', 'valkeys:']).optional(),
  LOOP_LAG_LIMIT_MS: integer(50, 60_000).default(1_000),
  OTEL_EXPORTER_OTLP_ENDPOINT: url(['http:', 'https:']).refine((text) => !URL.canParse(text) || new URL(text).username + new URL(text).search === '', 'must be an address without a login and a query').optional(),
  OTEL_TRACES_SAMPLER: z.enum(TRACE_SAMPLERS, `must be one of ${TRACE_SAMPLERS.join(', ')}`).default('parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: z.string().regex(/^[01]$|^[01]\.\d{1,6}$/, SHARE).transform(Number).refine((share) => share <= 1, SHARE).default(1),
  TRACE_CALLERS: z.enum(['strangers', 'trusted'], 'must be strangers or trusted').default('strangers'),
  SHUTDOWN_UNREADY_SECONDS: integer(0, 120).default(0),
  SHUTDOWN_DRAIN_SECONDS: integer(1, 300).default(20),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'must be fatal, error, warn, info, debug, trace or silent').optional(),
} as const;

/** What must never guard anything: it is in the repository for all to read. */
const DEVELOPMENT_KEYS: readonly Key[] = [{ id: 'development', secret: createHash('sha256').update('personal data in development').digest() }];

/** What the development provider calls a sign-in with two factors. */
const DEVELOPMENT_MULTI_FACTOR_ACR = 'aal2';
/** So that it is always the load balancer that closes. */
const IDLE_LONGER_MS = 5_000;

/** Each of them may be given as a file, X_FILE, and is never shown. */
export const SECRETS: ReadonlySet<string> = new Set<keyof typeof settings>(['DATABASE_URL', 'DATABASE_MIGRATION_URL', 'DATABASE_MIGRATION_PASSWORD', 'OIDC_CLIENT_SECRET', 'VALKEY_URL', 'PRIVACY_KEYS']);
const isSecret = (name: string): boolean => SECRETS.has(name);

const schema = z.object(settings);
type Settings = z.output<typeof schema>;

/** @throws ConfigError with every problem at once. */
export function parseConfig(environment: Environment): Config {
  const production = environment['NODE_ENV'] === 'production';
  const secrets = readSecretFiles(environment, isSecret, production);
  const { values: given, files } = secrets;
  const parsed = schema.safeParse(given);
  const problems = [
    ...secrets.problems,
    ...(parsed.error?.issues ?? []).map((issue) => `${issue.path.join('.')} ${issue.code === 'too_small' && issue.message.startsWith('Too small') ? 'must not be empty' : issue.message}`),
    ...(parsed.success ? [...idleProblems(parsed.data), ...privacyProblems(parsed.data)] : []),
    ...iamProblems(given),
    ...passwordProblems(given, 'DATABASE_MIGRATION_URL'),
    ...(production ? productionProblems(given, files) : developmentProblems(given)),
  ];
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  return freeze({ ...toConfig(parsed.data, production, files), others: othersOf(given) });
}

/** Of the settings those that `npm run migrate` reads: where migrations have a process of their own, it has nothing else to know. */
const MIGRATION_SECRETS: ReadonlySet<string> = new Set<keyof typeof settings>(['DATABASE_MIGRATION_URL', 'DATABASE_URL', 'DATABASE_MIGRATION_PASSWORD']);

export interface MigrationConfig {
  /** With the password, wherever that came from. */
  readonly url: string;
  readonly tls: boolean;
  readonly iamRegion?: string;
  /** The login that the service acts under, to be made or put right. */
  readonly serviceLogin?: string;
}

/** @throws ConfigError */
export function parseMigrationConfig(environment: Environment): MigrationConfig {
  const production = environment['NODE_ENV'] === 'production';
  const { values, files, problems } = readSecretFiles(environment, (name) => MIGRATION_SECRETS.has(name), production);
  const name = values['DATABASE_MIGRATION_URL'] !== undefined || files.has('DATABASE_MIGRATION_URL') ? 'DATABASE_MIGRATION_URL' : 'DATABASE_URL';
  if (problems.length > 0) throw new ConfigError(problems);
  const { [name]: url, AWS_REGION: iamRegion, DATABASE_AUTH: auth, DATABASE_MIGRATION_PASSWORD: password, DATABASE_SERVICE_LOGIN: login } = values;
  const parsed = settings[name].safeParse(url);
  if (!parsed.success) throw new ConfigError(parsed.error.issues.map(({ message }) => `${name} ${message}`));
  if (parsed.data === undefined) throw new ConfigError(['DATABASE_MIGRATION_URL is missing: the login that owns the schema']);
  if (production && weakensTls(parsed.data)) throw new ConfigError([tlsProblem(name)]);
  const serviceLogin = settings.DATABASE_SERVICE_LOGIN.safeParse(login);
  const others = [
    ...iamProblems({ [name]: url, AWS_REGION: iamRegion, DATABASE_AUTH: auth }),
    ...passwordProblems({ [name]: url, DATABASE_MIGRATION_PASSWORD: password }, name),
    ...(serviceLogin.error?.issues ?? []).map(({ message }) => `DATABASE_SERVICE_LOGIN ${message}`),
  ];
  const address = withPassword(parsed.data, password);
  if (production && isWellKnown(address)) others.push(wellKnownProblem(password === undefined ? name : 'DATABASE_MIGRATION_PASSWORD'));
  if (others.length > 0) throw new ConfigError(others);
  return {
    url: address,
    tls: production || auth === AWS_IAM,
    ...(auth === AWS_IAM && iamRegion !== undefined && { iamRegion }),
    ...(serviceLogin.data !== undefined && { serviceLogin: serviceLogin.data }),
  };
}

/** RDS keeps its master's password apart from the address, and changes it by itself. */
function passwordProblems(given: Environment, address: string): string[] {
  const url = given[address];
  if (given['DATABASE_MIGRATION_PASSWORD'] === undefined) return [];
  if (url === undefined) return ['DATABASE_MIGRATION_PASSWORD is of no use without DATABASE_MIGRATION_URL: set both, or neither'];
  const { username, password } = URL.parse(url) ?? { username: 'unreadable', password: '' };
  return username !== '' && password === '' ? [] : [`${address} must name a user and no password with DATABASE_MIGRATION_PASSWORD`];
}

/** In the address, so that nothing else has to know of it. */
function withPassword(address: string, password: string | undefined): string {
  return password === undefined ? address : Object.assign(new URL(address), { password: encodeURIComponent(password) }).href;
}

/** What production demands over the forms above: nothing embedded, no default secret, TLS towards people and provider. */
function productionProblems(given: Environment, files: SecretFiles['files']): string[] {
  const problems: string[] = [];
  const demand = (name: string, why: string) => {
    // Of a file that can't be read something else was said.
    if (given[name] === undefined && !files.has(name)) problems.push(`${name} is required in production: ${why}`);
  };
  demand('DATABASE_URL', 'the embedded PostgreSQL is for development only');
  demand('OIDC_ISSUER', 'the embedded OpenID provider is for development only');
  demand('OIDC_CLIENT_ID', 'the name under which the provider knows this service');
  demand('OIDC_CLIENT_SECRET', 'there is no default secret; use the one that the provider issued');
  demand('OIDC_AUDIENCE', 'the audience that access tokens for this API carry');
  demand('PUBLIC_URL', 'the https origin that people open');
  demand('SECURITY_CONTACT', 'where people report a vulnerability, for /.well-known/security.txt');
  if (given['PRIVACY_KEYS'] === undefined && !files.has('PRIVACY_KEYS') && given['PRIVACY_KMS_KEY'] === undefined) problems.push('PRIVACY_KEYS or PRIVACY_KMS_KEY is required in production: what wraps the keys of personal data; there is no default');
  for (const name of ['DATABASE_URL', 'DATABASE_MIGRATION_URL']) {
    if (weakensTls(given[name])) problems.push(tlsProblem(name));
  }
  for (const name of ['DATABASE_URL', 'DATABASE_MIGRATION_URL', 'VALKEY_URL']) {
    if (isWellKnown(given[name])) problems.push(wellKnownProblem(name));
  }
  const { DATABASE_MIGRATION_URL: owner, DATABASE_MIGRATION_PASSWORD: password } = given;
  if (owner !== undefined && password !== undefined && URL.canParse(owner) && isWellKnown(withPassword(owner, password))) problems.push(wellKnownProblem('DATABASE_MIGRATION_PASSWORD'));
  for (const name of ['OIDC_ISSUER', 'PUBLIC_URL']) {
    if (given[name] !== undefined && !given[name].startsWith('https://')) problems.push(`${name} must start with https:// in production`);
  }
  if (leavesMachinePlainly(given['OTEL_EXPORTER_OTLP_ENDPOINT'])) problems.push('OTEL_EXPORTER_OTLP_ENDPOINT must start with https:// in production, unless the collector is on this machine');
  if (leavesMachinePlainly(given['VALKEY_URL'])) problems.push('VALKEY_URL must start with rediss:// or valkeys:// in production, unless the store is on this machine');
  if (given['OIDC_ORIGINS']?.split(',').some((one) => !one.trim().startsWith('https://'))) problems.push('OIDC_ORIGINS must start with https://, each of them, in production');
  if (given['PROVIDER_PORT'] !== undefined) problems.push('PROVIDER_PORT must not be set in production: it belongs to the embedded provider');
  return problems;
}

function tlsProblem(name: string): string {
  return `${name} must not weaken TLS in production: leave sslmode out (verify-full), or say sslmode=disable where the connection never leaves the machine`;
}

function wellKnownProblem(name: string): string {
  return `${name} has a password that everybody knows: make one of its own`;
}

/** What images, packages and tutorials come with (CWE-1392). */
const WELL_KNOWN: ReadonlySet<string> = new Set(['admin', 'changeme', 'default', 'guest', 'password', 'postgres', 'redis', 'root', 'secret', 'stockade', 'test', 'valkey', '123456']);

function isWellKnown(address: string | undefined): boolean {
  const url = URL.parse(address ?? '');
  if (url === null || url.password === '') return false;
  const password = unescape(url.password).toLowerCase();
  return WELL_KNOWN.has(password) || password === unescape(url.username).toLowerCase();
}

/** `require` and the like encrypt for whoever answers (CWE-295). */
function weakensTls(address: string | undefined): boolean {
  if (address === undefined || !URL.canParse(address)) return false;
  const { searchParams } = new URL(address);
  const modes = searchParams.getAll('sslmode');
  return searchParams.has('ssl') || searchParams.has('uselibpqcompat') || modes.length > 1 || !['verify-full', 'disable'].includes(modes[0] ?? 'verify-full');
}

/** What limits count by are addresses and subjects, and whoever changes the counts lifts the limits; spans tell how the service works (CWE-319). */
function leavesMachinePlainly(address: string | undefined): boolean {
  if (address === undefined || !URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  return ['redis:', 'valkey:', 'http:'].includes(protocol) && !['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
}

/** With half of it, a beat that comes late still comes in time. */
function idleProblems({ LIVE_HEARTBEAT_SECONDS: beat, LOAD_BALANCER_IDLE_SECONDS: idle }: Settings): string[] {
  return beat * 2 <= idle ? [] : ['LIVE_HEARTBEAT_SECONDS must be at most half of LOAD_BALANCER_IDLE_SECONDS: else the load balancer cuts off streams that have nothing to say'];
}

const AWS_IAM = 'aws-iam';

/** A token is the password of fifteen minutes: it must not go over the wire in the clear, nor meet a password of the address. */
function iamProblems(given: Environment): string[] {
  if (given['DATABASE_AUTH'] !== AWS_IAM) return [];
  const problems = ['DATABASE_URL', 'DATABASE_MIGRATION_URL'].filter((name) => !takesToken(given[name])).map((name) => `${name} must name a user, no password and no parameters with DATABASE_AUTH=aws-iam`);
  if (given['AWS_REGION'] === undefined) problems.push('AWS_REGION is required with DATABASE_AUTH=aws-iam');
  return problems;
}

function takesToken(address: string | undefined): boolean {
  if (address === undefined || !URL.canParse(address)) return true;
  const { username, password, search } = new URL(address);
  return username !== '' && password === '' && search === '';
}

function privacyProblems(values: Settings): string[] {
  if (values.PRIVACY_KMS_KEY === undefined) return [];
  if (values.PRIVACY_KEYS !== undefined) return ['PRIVACY_KEYS and PRIVACY_KMS_KEY exclude each other: remove one'];
  const [region, ...others] = regionsOf(values);
  if (region === undefined) return ['AWS_REGION is required with PRIVACY_KMS_KEY, where that is an alias without a region'];
  return others.length === 0 ? [] : ['PRIVACY_KMS_KEY must name keys of one region, and AWS_REGION too where one is an alias without'];
}

/** In which the keys are, AWS_REGION where they don't say. */
function regionsOf({ PRIVACY_KMS_KEY: keys = [], AWS_REGION: region }: Settings): readonly string[] {
  return [...new Set(keys.map((key) => KMS_KEY.exec(key)?.[1] ?? region))].filter((each) => each !== undefined);
}

function keyProviderOf(values: Settings, currentKeys: Current<readonly Key[]> | undefined): KeyProviderConfig {
  const { PRIVACY_KMS_KEY: keyIds, PRIVACY_KEYS: keys = DEVELOPMENT_KEYS } = values;
  return keyIds === undefined ? { kind: 'local', keys, ...(currentKeys && { currentKeys }) } : { kind: 'kms', keyIds, region: regionsOf(values)[0] ?? '' };
}

function developmentProblems(given: Environment): string[] {
  const problems: string[] = [];
  if (given['OIDC_ISSUER'] !== undefined) {
    if (given['OIDC_CLIENT_ID'] === undefined) problems.push('OIDC_CLIENT_ID is required with OIDC_ISSUER: the name under which the provider knows this service');
    if (given['PROVIDER_PORT'] !== undefined) problems.push('PROVIDER_PORT and OIDC_ISSUER exclude each other: remove one');
  }
  if (given['DATABASE_MIGRATION_URL'] !== undefined && given['DATABASE_URL'] === undefined) problems.push('DATABASE_MIGRATION_URL is of no use without DATABASE_URL: set both, or neither');
  return problems;
}

function othersOf(given: Environment): Config['others'] {
  return Object.fromEntries(Object.entries(given).flatMap(([name, value]) => (value === undefined || Object.hasOwn(settings, name) ? [] : [[name, value]])));
}

/** Each only where there is a file to read again, and then with the same demands as at the start. */
function currentSecrets({ DATABASE_AUTH: auth }: Settings, production: boolean, files: SecretFiles['files']) {
  const follow = <T>(name: string, parse: (text: string) => T | undefined): Current<T> | undefined => {
    const file = files.get(name);
    return file === undefined ? undefined : followSecret(name, file, parse, production);
  };
  const valid = (name: 'DATABASE_URL' | 'OIDC_CLIENT_SECRET' | 'VALKEY_URL') => (text: string) => settings[name].safeParse(text).data;
  return {
    databaseUrl: follow('DATABASE_URL', (text) => {
      const url = valid('DATABASE_URL')(text);
      return (production && (weakensTls(url) || isWellKnown(url))) || (auth === AWS_IAM && !takesToken(url)) ? undefined : url;
    }),
    clientSecret: follow('OIDC_CLIENT_SECRET', valid('OIDC_CLIENT_SECRET')),
    valkeyUrl: follow('VALKEY_URL', (text) => (production && (leavesMachinePlainly(text) || isWellKnown(text)) ? undefined : redisUrl(valid('VALKEY_URL')(text)))),
    keys: follow('PRIVACY_KEYS', parseKeys),
  };
}

/** Its client knows the older name alone. */
function redisUrl(url: string | undefined): string | undefined {
  return url?.replace(/^valkey/, 'redis');
}

function toConfig(values: Settings, production: boolean, files: SecretFiles['files']): Omit<Config, 'others'> {
  const current = currentSecrets(values, production, files);
  const listenTls = values.LISTEN_TLS === 'self-signed';
  const publicUrl = values.PUBLIC_URL ?? `${listenTls ? 'https' : 'http'}://127.0.0.1:${values.PORT}`;
  const minuteMs = 60_000;
  return {
    production,
    revision: values.REVISION,
    host: values.HOST,
    port: values.PORT,
    listenTls,
    publicUrl,
    corsOrigins: values.CORS_ORIGINS,
    securityContact: values.SECURITY_CONTACT,
    admin: { host: values.ADMIN_HOST, port: values.ADMIN_PORT },
    database:
      values.DATABASE_URL === undefined
        ? { kind: 'embedded', directory: values.DATA_DIRECTORY }
        : {
            kind: 'server',
            url: values.DATABASE_URL,
            poolSize: values.DATABASE_POOL_SIZE,
            migrationUrl: values.DATABASE_MIGRATION_URL === undefined ? (production ? undefined : values.DATABASE_URL) : withPassword(values.DATABASE_MIGRATION_URL, values.DATABASE_MIGRATION_PASSWORD),
            tls: production || values.DATABASE_AUTH === AWS_IAM,
            leastPrivilege: production,
            ...(current.databaseUrl && { currentUrl: current.databaseUrl }),
            ...(values.DATABASE_AUTH === AWS_IAM && values.AWS_REGION !== undefined && { iamRegion: values.AWS_REGION }),
          },
    identity: {
      ...providerOf(values),
      clientSecret: values.OIDC_CLIENT_SECRET,
      origins: values.OIDC_ORIGINS,
      // The development provider signs as most do.
      signatures: values.OIDC_SIGNATURES ?? (values.OIDC_ISSUER === undefined ? 'legacy-rsa' : 'approved'),
      ...(current.clientSecret && { currentClientSecret: current.clientSecret }),
      audience: values.OIDC_AUDIENCE ?? `${publicUrl}/api`,
      tokenProfile: values.OIDC_TOKEN_PROFILE,
      rolesClaim: values.OIDC_ROLES_CLAIM,
      tenantClaim: values.OIDC_TENANT_CLAIM,
      sessionIdleMs: values.SESSION_IDLE_MINUTES * minuteMs,
      sessionAbsoluteMs: values.SESSION_ABSOLUTE_HOURS * 60 * minuteMs,
      sessionRefreshMs: values.SESSION_REFRESH_MINUTES * minuteMs,
      sessionsPerPerson: values.SESSIONS_PER_PERSON,
      signInFactors: values.SIGN_IN_FACTORS === undefined ? (production ? 2 : 1) : values.SIGN_IN_FACTORS === '2' ? 2 : 1,
      scope: values.OIDC_SCOPE,
      multiFactorAcr: (values.OIDC_MULTI_FACTOR_ACR ?? (values.OIDC_ISSUER === undefined ? DEVELOPMENT_MULTI_FACTOR_ACR : '')).split(' ').filter((acr) => acr !== ''),
    },
    privacy: { provider: keyProviderOf(values, current.keys), checkpointFile: checkpointFileOf(values), verifyMs: values.AUDIT_VERIFY_SECONDS * 1_000 },
    access: { grantsFile: values.ACCESS_GRANTS_FILE, logAllowedOneIn: values.ACCESS_LOG_ALLOWED_ONE_IN },
    live: {
      heartbeatMs: values.LIVE_HEARTBEAT_SECONDS * 1_000,
      retentionMs: values.EVENT_RETENTION_HOURS * 60 * minuteMs,
      pollMs: values.EVENT_POLL_MS,
      bufferLimit: values.LIVE_BUFFER_EVENTS,
    },
    limits: {
      perMinute: { address: values.RATE_LIMIT_ADDRESS, 'sign-in': values.RATE_LIMIT_SIGN_IN, read: values.RATE_LIMIT_READ, change: values.RATE_LIMIT_CHANGE, stream: values.RATE_LIMIT_STREAM },
      trustedProxies: values.TRUSTED_PROXIES,
      valkeyUrl: redisUrl(values.VALKEY_URL),
      ...(current.valkeyUrl && { currentValkeyUrl: current.valkeyUrl }),
    },
    connections: {
      idleMs: values.LOAD_BALANCER_IDLE_SECONDS * 1_000 + IDLE_LONGER_MS,
      most: values.MAX_CONNECTIONS,
      mostOfAddress: values.TRUSTED_PROXIES === 0 ? values.MAX_CONNECTIONS_OF_ADDRESS : undefined,
    },
    overload: { maxLagMs: values.LOOP_LAG_LIMIT_MS },
    tracing: tracingOf(values),
    shutdown: { unreadyMs: values.SHUTDOWN_UNREADY_SECONDS * 1_000, drainTimeoutMs: values.SHUTDOWN_DRAIN_SECONDS * 1_000 },
    logLevel: values.LOG_LEVEL ?? (production ? 'info' : 'warn'),
  };
}

function tracingOf({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: ratio, TRACE_CALLERS: callers }: Settings): TracingConfig | undefined {
  return endpoint === undefined ? undefined : { endpoint, sampler, ratio, callers };
}

/** Beside the embedded database, which has no other place; elsewhere the log is one that its owner can't reach. */
function checkpointFileOf({ AUDIT_CHECKPOINT_FILE: file, DATABASE_URL: url, DATA_DIRECTORY: directory }: Settings): string | undefined {
  return file ?? (url === undefined ? `${directory}/audit-checkpoints.ndjson` : undefined);
}

function providerOf(values: Settings): Pick<IdentityConfig, 'provider' | 'issuer' | 'clientId'> {
  if (values.OIDC_ISSUER !== undefined) {
    return { provider: { kind: 'server' }, issuer: values.OIDC_ISSUER, clientId: values.OIDC_CLIENT_ID ?? '' };
  }
  const providerPort = values.PROVIDER_PORT ?? values.PORT + 1;
  return {
    provider: { kind: 'embedded', port: providerPort, directory: values.DATA_DIRECTORY },
    issuer: `http://127.0.0.1:${providerPort}`,
    clientId: values.OIDC_CLIENT_ID ?? 'stockade',
  };
}

function freeze<T extends object>(value: T): T {
  // The bytes of a key can't be frozen.
  for (const part of Object.values(value)) if (typeof part === 'object' && part !== null && !ArrayBuffer.isView(part)) freeze(part as object);
  return Object.freeze(value);
}
