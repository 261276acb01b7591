// What a register must tell of, found in the code: each function reads one file and names what is in it.
// Tested by ../repository.test.ts, by the rules in registers.ts.

export type Find = (path: string, text: string) => readonly string[];

const isTest = (path: string): boolean => /\.(?:test|proof|attack)\.ts$|\/(?:test-context|raw-corpus)\.ts$/.test(path) || /^app\/(?:testing|probes|bench|attacks)\/|\/proofs\//.test(path);
/** What runs in production, in the process or in the browser. */
const isCode = (path: string): boolean => /^app\/.*\.ts$/.test(path) && !isTest(path);
const isServed = (path: string): boolean => path.includes('/assets/');
const isMigration = (path: string): boolean => /^app\/.*\/migrations\/.*\.sql$/.test(path);

const all = (pattern: RegExp, text: string): readonly string[] => [...text.matchAll(pattern)].map((match) => match[1] ?? match[0]);
const withoutComments = (text: string): string => text.replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$|\s\/\/ .*$/gm, '');
const unique = (names: readonly string[]): readonly string[] => [...new Set(names)];
const inCode =
  (find: (text: string, path: string) => readonly string[]): Find =>
  (path, text) =>
    isCode(path) ? unique(find(withoutComments(text), path)) : [];

const algorithm = /'((?:aes|camellia|aria|des|rc|bf|id-aes)-?\d[\w-]*|(?:des|bf)-[\w-]+|chacha20[\w-]*|(?:sha|md)-?\d[\w-]*|[RPEH]S(?:256|384|512)|EdDSA|Ed25519|rsa|ec|ed25519)'/gi;
const cryptographic = /^import (?!type )[^;]*? from '(argon2|jose|otpauth|openid-client|@simplewebauthn\/server|@aws-sdk\/client-kms)'/gm;

/** Functions of node:crypto and Web Crypto, packages that compute, and algorithms by their names. */
export const findCryptography = inCode((text) => [
  ...all(/import \{([^}]*)\} from 'node:crypto'/g, text).flatMap((names) => names.split(',').map((name) => name.trim()).filter((name) => name !== '' && !name.startsWith('type '))),
  ...all(/\bcrypto\.(?:subtle\.)?(\w+)\(/g, text),
  ...all(cryptographic, text),
  ...all(/import\('(@aws-sdk\/client-kms)'\)/g, text),
  ...all(algorithm, text),
]);

/** Whatever is named a cipher or a mode; the second argument of HKDF and the like is a hash. */
export const findCiphers = inCode((text) => all(/'((?:aes|camellia|aria|des|rc|bf|id-aes)-?\d[\w-]*|(?:des|bf)-[\w-]+|chacha20[\w-]*)'/gi, text));
/** An authenticator app computes HMAC-SHA-1 and nothing else (RFC 6238): where that package is, its name for it is no hash of ours. */
const hashName = /'((?:sha|md|ripemd|blake)-?\d[\w-]*)'/gi;
/** Two are named by others' protocols: authenticator apps know HMAC-SHA-1 alone, and the register of breached passwords finds them by SHA-1, which protects nothing. */
export const findHashes = inCode((text) => {
  if (/from 'otpauth'/.test(text)) return all(hashName, text.replaceAll("algorithm: 'SHA1'", ''));
  return all(hashName, /'add-padding': 'true'/.test(text) ? text.replace("createHash('sha1').update(normalisePassword(password))", '') : text);
});

const connecting = /\b(new (?:Client|Pool|KMSClient|Signer|WebSocket|OTLPTraceExporter)|createClient|createTransport|createRemoteJWKSet|discovery|authorizationCodeGrant|refreshTokenGrant|fetch|https?\.(?:get|request)|(?:net|tls)\.connect)\(/g;
/** What opens a connection from this process to somewhere else. */
export const findConnections = inCode((text, path) => (isServed(path) ? [] : all(connecting, text)));

/** Its value is made of numbers and of names of such. */
const constant = /^(?:export )?const ((?:\[[A-Z_, ]+\]|[A-Z][A-Z_]+) = [\w\s{}[\]:,*+]*\d[\w\s{}[\]:,*+]*);/gm;
export const findConstants = inCode((text) => all(constant, text));
/** Times and numbers of what connects: they are what happens when the other side does not answer. */
export const findConnectionLimits: Find = (path, text) => (findConnections(path, text).length > 0 ? findConstants(path, text) : []);

const logged = /(?<!console)\.(?:trace|debug|info|warn|error|fatal)\((?:[^;\n]*?[,(] )?(?:'([^'\n]+)'|`([^`\n]+)`)\)/g;
/** The message of each line that the log may hold; what is filled in is written as `…`. */
export const findLogLines = inCode((text) => [...text.matchAll(logged)].map((match) => (match[1] ?? match[2] ?? '').replaceAll(/\$\{[^}]*\}/g, '…')));
/** Where something is written that somebody may read as a log. */
export const findLogDestinations = inCode((text) => all(/\b(pino\.destination|pino(?=\()|console\.\w+|process\.std(?:out|err)\.write)\b/g, text));

export const findTables: Find = (path, text) => (isMigration(path) ? all(/^create (?:unlogged )?table (?:if not exists )?(\w+)/gim, text) : []);

const dangerous =
  /'(?:node:)?(child_process|worker_threads|vm|inspector|@open-policy-agent\/opa-wasm)'|\b(eval|new Function|sql\.raw|CompiledQuery\.raw|stripTypeScriptTypes|loadEnvFile|writeFile|appendFile|rename|rm|unlink|mkdir|createWriteStream|insertAdjacentHTML|import(?=\((?!'))|WebAssembly\.\w+)(?=\()|\.(innerHTML|outerHTML)\b/g;
/** What runs text, starts a program, writes a file or makes markup of a string (CWE-676). */
export const findDangerous = inCode((text) => [...text.matchAll(dangerous)].map((match) => match[1] ?? match[2] ?? match[3] ?? ''));

/** Settings that are secrets, or may hold one in an address. */
export const findSecretSettings = inCode((text) => all(/^ {2}([A-Z_]*(?:_SECRET|_KEYS?|_PASSWORD|(?:DATABASE|MIGRATION|VALKEY|SMTP)_URL)): /gm, text));

/** Where a browser keeps something beyond the page. */
export const findBrowserStorage = inCode((text, path) => (isServed(path) ? all(/\b(localStorage|sessionStorage|indexedDB|document\.cookie|cookieStore|caches|serviceWorker)\b/g, text) : []));
/** Of bytes; a hash of the chain is public, and a compiled module too. */
export const findEarlyExit = inCode((text) => text.split('\n').filter((line) => /\.equals\(|\bBuffer\.compare\(/.test(line) && !/chainHash/.test(line)));
export const findWeakRandom = inCode((text) => text.split('\n').filter((line) => line.includes('Math.random') && !/delay|0\.5 \+ Math\.random\(\) \/ 2/i.test(line)));
