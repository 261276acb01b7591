// A request to an address that is put together somewhere: from a row, from an argument, from what another service said (CWE-918).
import { focus, type Pattern } from './patterns.ts';
import type { WeaknessRule } from './weakness.ts';

/** Names of what the configuration says, what an object was made with, and constants of the file. */
const OWN = 'this\\.#?\\w+(?:\\.\\w+)*|(?:\\w+\\.)*(?:settings|config|configuration|options|environment|env)\\.(?:\\w+\\.)*\\w+|(?:\\w+\\.)*(?:base|api|service)(?:Url|URL|Origin|Endpoint)|[A-Z][A-Z0-9_]*';
/** An origin that is written down, or configured. */
const FIXED = `(?s)(?:https?|wss?):\\/\\/.*|\\/(?!\\/).*|[\\'"\`](?:https?|wss?):\\/\\/[\\w.-]+(?::\\d+)?(?:[\\/?#].*)?[\\'"\`]|[\\'"]\\/(?!\\/).*[\\'"]|\`\\/(?![\\/$]).*|\`\\$\\{(?:${OWN})\\}.*|[\\'"\`](?:https?|wss?):\\/\\/[\\w.-]+(?::\\d+)?\\/.*|(?:${OWN})(?: ?\\+.*)?|new URL\\((?:[\\'"\`]https?:\\/\\/[\\w.-]+[\\/'"\`].*|[\\'"\`]\\.{0,2}\\/(?!\\/).*, (?:${OWN}))\\)|new URL\\((?:${OWN})\\)`;
const CALLS = ['fetch($URL, ...)', 'globalThis.fetch($URL, ...)', 'createRemoteJWKSet($URL, ...)', '$JOSE.createRemoteJWKSet($URL, ...)', 'new EventSource($URL, ...)', 'new WebSocket($URL, ...)', 'https.request($URL, ...)', 'http.request($URL, ...)', 'https.get($URL, ...)', 'http.get($URL, ...)', 'undici.request($URL, ...)', 'undici.fetch($URL, ...)', 'axios.get($URL, ...)', 'axios.post($URL, ...)', 'axios($URL, ...)', 'got($URL, ...)', 'net.connect($URL, ...)', 'tls.connect($URL, ...)'];
const isComputed: Pattern = { 'metavariable-regex': { metavariable: '$URL', regex: `^(?!(?:${FIXED})$)`, 'constant-propagation': true } };

export const rule: WeaknessRule = {
  cwe: 918,
  message: 'The service asks an address that is neither written here nor configured: whoever chose it, now or when it was stored, sends the service where only it can go.',
  fix: 'Ask through createOutboundFetch (app/identity/outbound.ts), which holds a list of origins, or begin the address with a constant or a setting (settings.url).',
  // What runs in the service, but for the ways out that hold lists, or are handed what the configuration says. A browser's script asks what the browser may.
  only: /^app\/(?!.*\.command\.ts$|.*\/assets\/|identity\/(?:outbound|provider-configuration|published-keys|token)\.ts$|lib\/cookie-jar\.ts$|features\/\w+\/breached\.ts$)/,
  match: { patterns: [focus('URL', CALLS), isComputed, { 'pattern-not-inside': { patterns: [{ pattern: 'const $URL = $MADE;\n...' }, { 'metavariable-regex': { metavariable: '$MADE', regex: `^(?:${FIXED})$` } }] } }] },
  refuses: [
    'const preview = (address) => fetch(address, { signal });\nexport const c = defineCommand({ handle: ({ body }) => preview(body.url) });',
    'export const f = async (db) => { const row = await db.selectFrom("webhook").where("tenant_id", "=", 1).executeTakeFirstOrThrow(); await fetch(new URL(row.endpoint), { signal }); };',
    'export const f = (host) => fetch(`https://${host}/status`, { signal });',
    'export const f = (name) => fetch(`https://${name}.example.com/status`, { signal });',
    'export const f = (issuer) => createRemoteJWKSet(new URL("/.well-known/jwks.json", issuer));',
    'export const f = (host) => { const address = `https://${host}/status`; return fetch(address, { signal }); };',
    'export const f = (row) => { const address = new URL(row.endpoint); return fetch(address, { signal }); };',
    'export const f = (address) => https.get(address, () => {});',
    'export const f = (next) => fetch(new URL(next, "https://api.example.com"), { signal });',
  ],
  allows: [
    'export const f = (settings) => fetch(settings.url, { signal });',
    'export const f = () => fetch("https://api.example.com/rates", { signal });',
    'export const f = (id) => fetch(`https://api.example.com/v1/${encodeURIComponent(id)}`, { signal });',
    'const RATES = "https://api.example.com/rates";\nexport const f = () => fetch(RATES, { signal });',
    'export const f = (config, id) => fetch(new URL(`/v1/${id}`, config.rates.url), { signal });',
    'export const f = (settings, id) => fetch(`${settings.url}/v1/${id}`, { signal });',
    'export class Rates { #baseUrl; ask(id) { return fetch(new URL(`/v1/${id}`, this.#baseUrl), { signal }); } }',
    'export const createRates = (apiUrl) => ({ ask: (id) => fetch(`${apiUrl}/v1/${encodeURIComponent(id)}`, { signal }) });',
    'export const f = (id) => { const address = `https://api.example.com/v1/${encodeURIComponent(id)}`; return fetch(address, { signal }); };',
    'export const f = (settings) => { const address = new URL("/v1", settings.url); log.info("asked"); return fetch(address, { signal }); };',
    'export const f = (map, key) => map.get(key);',
  ],
};
