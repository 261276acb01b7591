// Requests that two parsers in a row could understand differently, or that nobody should send: as bytes, each with its source.
// Data for raw-corpus.test.ts. Tested by raw-corpus.test.ts.

export interface RawCase {
  readonly name: string;
  /** Why it must be refused: RFC and section, CWE, or who found it. */
  readonly source: string;
  /** latin1: one character, one byte. */
  readonly bytes: string;
  /** What may be answered where there is an answer at all (else any 4xx); a closed connection is always right. */
  readonly statuses?: readonly number[];
  /** The server waits for more, so the client has to end. */
  readonly isCut?: true;
}

/** A whole request that would be served and counted if it were taken for one. */
const HIDDEN = 'GET /api/v1/notes?tag=smuggled HTTP/1.1\r\nHost: stockade.test\r\nAuthorization: Bearer clerk\r\n\r\n';
const JSON_TEXT = '{"id":"raw","text":"x"}';
const TWO_READINGS = '{"id":"raw","id":"other","text":"x"}';
const HOST = 'Host: stockade.test\r\n';
const WHO = 'Authorization: Bearer clerk\r\n';

/** A POST that runs a command but for what `fields` and `body` do to it. */
function post(fields: string, body: string, version = 'HTTP/1.1'): string {
  return `POST /api/v1/notes ${version}\r\n${HOST}${WHO}Content-Type: application/json\r\n${fields}\r\n${body}`;
}

/** A GET that runs a query but for what `fields` do to it. */
function get(fields: string, target = '/api/v1/notes', version = 'HTTP/1.1'): string {
  return `GET ${target} ${version}\r\n${HOST}${WHO}${fields}\r\n`;
}

function chunked(text: string, size = text.length.toString(16)): string {
  return `${size}\r\n${text}\r\n0\r\n\r\n`;
}

const LENGTH = `Content-Length: ${JSON_TEXT.length}\r\n`;
const CHUNKED = 'Transfer-Encoding: chunked\r\n';
const UPGRADE = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

const framing: readonly RawCase[] = [
  { name: 'CL.TE: a length beside chunked, with a request behind the last chunk', source: 'RFC 9112 6.3 (3), CWE-444', bytes: post(`Content-Length: ${5 + HIDDEN.length}\r\n${CHUNKED}`, `0\r\n\r\n${HIDDEN}`) },
  { name: 'TE.CL: chunked beside a short length, with a request inside the chunk', source: 'RFC 9112 6.3 (3), CWE-444', bytes: post(`${CHUNKED}Content-Length: 4\r\n`, chunked(HIDDEN)) },
  { name: 'both, and both right', source: 'RFC 9112 6.1', bytes: post(`${CHUNKED}Content-Length: ${chunked(JSON_TEXT).length}\r\n`, chunked(JSON_TEXT)) },
  { name: 'TE.TE: chunked and a second, unknown coding field', source: 'RFC 9112 6.1, Kettle 2019', bytes: post(`${CHUNKED}Transfer-Encoding: x\r\n`, chunked(JSON_TEXT)) },
  { name: 'TE.TE: an unknown coding before chunked', source: 'RFC 9112 6.1', bytes: post('Transfer-Encoding: x, chunked\r\n', chunked(JSON_TEXT)) },
  { name: 'TE.TE: gzip before chunked, which is not undone', source: 'RFC 9112 7.2', bytes: post('Transfer-Encoding: gzip, chunked\r\n', chunked(JSON_TEXT)) },
  { name: 'TE.TE: chunked twice in one field', source: 'RFC 9112 6.1', bytes: post('Transfer-Encoding: chunked, chunked\r\n', chunked(JSON_TEXT)) },
  { name: 'TE.TE: chunked twice in two fields', source: 'RFC 9112 6.1', bytes: post(`${CHUNKED}${CHUNKED}`, chunked(JSON_TEXT)) },
  { name: 'TE.TE: chunked is not the last coding', source: 'RFC 9112 6.3 (4)', bytes: post('Transfer-Encoding: chunked, identity\r\n', chunked(JSON_TEXT)) },
  { name: 'TE.TE: identity, which was taken out of HTTP', source: 'RFC 9112 7', bytes: post(`Transfer-Encoding: identity\r\n${LENGTH}`, JSON_TEXT) },
  { name: 'TE.TE: a name that only begins with chunked', source: 'RFC 9112 6.1, Kettle 2019', bytes: post('Transfer-Encoding: chunkedx\r\n', chunked(JSON_TEXT)) },
  { name: 'TE.TE: a name that only ends with chunked', source: 'RFC 9112 6.1, Kettle 2019', bytes: post('Transfer-Encoding: xchunked\r\n', chunked(JSON_TEXT)) },
  { name: 'TE.TE: a quoted name', source: 'RFC 9112 7', bytes: post('Transfer-Encoding: "chunked"\r\n', chunked(JSON_TEXT)) },
  { name: 'TE.TE: a parameter, which chunked has none of', source: 'RFC 9112 7.1', bytes: post('Transfer-Encoding: chunked;q=1\r\n', chunked(JSON_TEXT)) },
  { name: 'TE.TE: a vertical tab before the name', source: 'RFC 9110 5.5, Kettle 2019', bytes: post('Transfer-Encoding: \x0bchunked\r\n', chunked(JSON_TEXT)) },
  { name: 'TE.TE: a space before the colon', source: 'RFC 9112 5.1', bytes: post(`Transfer-Encoding : chunked\r\n${LENGTH}`, chunked(JSON_TEXT)) },
  { name: 'TE.TE: a folded line', source: 'RFC 9112 5.2', bytes: post(`Transfer-Encoding:\r\n chunked\r\n${LENGTH}`, chunked(JSON_TEXT)) },
  { name: 'TE.TE: hidden behind a bare line feed', source: 'RFC 9112 2.2, Kettle 2019', bytes: post(`X: y\nTransfer-Encoding: chunked\r\n${LENGTH}`, chunked(JSON_TEXT)) },
  { name: 'TE.TE: hidden behind a bare carriage return', source: 'RFC 9112 2.2', bytes: post(`X: y\rTransfer-Encoding: chunked\r\n${LENGTH}`, chunked(JSON_TEXT)) },
  { name: 'TE.TE: an empty field beside a length', source: 'RFC 9112 6.1', bytes: post(`Transfer-Encoding:\r\n${LENGTH}`, JSON_TEXT) },
  { name: 'TE.TE: an underscore in the name, which CGI reads as a hyphen, beside a length', source: 'RFC 3875 4.1.18, CWE-444', bytes: post(`Transfer_Encoding: chunked\r\n${LENGTH}`, JSON_TEXT) },
  { name: 'chunked in HTTP/1.0, which has none', source: 'RFC 9112 6.1', bytes: post(CHUNKED, chunked(JSON_TEXT), 'HTTP/1.0') },
  { name: 'two different lengths', source: 'RFC 9112 6.3 (5)', bytes: post(`Content-Length: 0\r\n${LENGTH}`, JSON_TEXT) },
  { name: 'the same length twice', source: 'RFC 9112 6.3 (5)', bytes: post(`${LENGTH}${LENGTH}`, JSON_TEXT) },
  { name: 'a list of the same length', source: 'RFC 9112 6.3 (5)', bytes: post(`Content-Length: ${JSON_TEXT.length}, ${JSON_TEXT.length}\r\n`, JSON_TEXT) },
  { name: 'a negative length', source: 'RFC 9110 8.6', bytes: post('Content-Length: -1\r\n', JSON_TEXT) },
  { name: 'a length with a plus', source: 'RFC 9110 8.6', bytes: post(`Content-Length: +${JSON_TEXT.length}\r\n`, JSON_TEXT) },
  { name: 'a hexadecimal length', source: 'RFC 9110 8.6', bytes: post(`Content-Length: 0x${JSON_TEXT.length.toString(16)}\r\n`, JSON_TEXT) },
  { name: 'a length with an exponent', source: 'RFC 9110 8.6', bytes: post('Content-Length: 2e1\r\n', JSON_TEXT) },
  { name: 'a length with a point', source: 'RFC 9110 8.6', bytes: post(`Content-Length: ${JSON_TEXT.length}.0\r\n`, JSON_TEXT) },
  { name: 'a length with a digit after a space', source: 'RFC 9110 8.6', bytes: post('Content-Length: 2 3\r\n', JSON_TEXT) },
  { name: 'a length beyond 64 bits', source: 'RFC 9110 8.6, CWE-190', bytes: post('Content-Length: 18446744073709551639\r\n', JSON_TEXT) },
  { name: 'a length beyond what is read', source: 'RFC 9110 15.5.14', bytes: post('Content-Length: 9007199254740993\r\n', JSON_TEXT), statuses: [413] },
  { name: 'an empty length', source: 'RFC 9110 8.6', bytes: post('Content-Length:\r\n', JSON_TEXT) },
  { name: 'a length in other digits', source: 'RFC 9110 8.6', bytes: post('Content-Length: \xb2\xb3\r\n', JSON_TEXT) },
  { name: 'a space before the colon of the length', source: 'RFC 9112 5.1', bytes: post(`Content-Length : ${JSON_TEXT.length}\r\n`, JSON_TEXT) },
  { name: 'a GET whose body is a request', source: 'RFC 9110 9.3.1, CWE-444', bytes: `${get(`Content-Length: ${HIDDEN.length}\r\n`)}${HIDDEN}` },
  { name: 'a GET with a chunked body', source: 'RFC 9110 9.3.1, CWE-444', bytes: `${get(CHUNKED)}${chunked(HIDDEN)}` },
  { name: 'a HEAD with a body', source: 'RFC 9110 9.3.2, CWE-444', bytes: `${get(`Content-Length: ${HIDDEN.length}\r\n`).replace('GET', 'HEAD')}${HIDDEN}` },
  { name: 'an OPTIONS with a body of no type', source: 'RFC 9110 9.3.7', bytes: `${get(`Content-Length: ${HIDDEN.length}\r\n`).replace('GET', 'OPTIONS')}${HIDDEN}` },
];

const chunks: readonly RawCase[] = [
  { name: 'a chunk size that is no number', source: 'RFC 9112 7.1', bytes: post(CHUNKED, chunked(JSON_TEXT, 'zz')) },
  { name: 'a negative chunk size', source: 'RFC 9112 7.1', bytes: post(CHUNKED, chunked(JSON_TEXT, '-17')) },
  { name: 'a chunk size with a prefix', source: 'RFC 9112 7.1', bytes: post(CHUNKED, chunked(JSON_TEXT, `0x${JSON_TEXT.length.toString(16)}`)) },
  { name: 'a chunk size with a plus', source: 'RFC 9112 7.1', bytes: post(CHUNKED, chunked(JSON_TEXT, `+${JSON_TEXT.length.toString(16)}`)) },
  { name: 'a chunk size beyond 64 bits', source: 'RFC 9112 7.1, CWE-190', bytes: post(CHUNKED, chunked(JSON_TEXT, `1${'0'.repeat(16)}17`)) },
  { name: 'a space before the chunk size', source: 'RFC 9112 7.1', bytes: post(CHUNKED, chunked(JSON_TEXT, ` ${JSON_TEXT.length.toString(16)}`)) },
  { name: 'a space after the chunk size', source: 'RFC 9112 7.1.1', bytes: post(CHUNKED, chunked(JSON_TEXT, `${JSON_TEXT.length.toString(16)} `)) },
  { name: 'no chunk size', source: 'RFC 9112 7.1', bytes: post(CHUNKED, chunked(JSON_TEXT, '')) },
  { name: 'a chunk longer than its size', source: 'RFC 9112 7.1', bytes: post(CHUNKED, chunked(JSON_TEXT, '5')) },
  { name: 'a chunk size that ends with a bare line feed', source: 'RFC 9112 2.2, Kallus 2024', bytes: post(CHUNKED, `${JSON_TEXT.length.toString(16)}\n${JSON_TEXT}\r\n0\r\n\r\n`) },
  { name: 'a chunk that ends with a bare line feed', source: 'RFC 9112 7.1, Kallus 2024', bytes: post(CHUNKED, `${JSON_TEXT.length.toString(16)}\r\n${JSON_TEXT}\n0\r\n\r\n`) },
  { name: 'a chunk that ends with a bare carriage return', source: 'RFC 9112 7.1', bytes: post(CHUNKED, `${JSON_TEXT.length.toString(16)}\r\n${JSON_TEXT}\r0\r\n\r\n`) },
  { name: 'a bare line feed in a chunk extension, with a request behind it', source: 'CVE-2025-22871 (Go), CWE-444', bytes: post(CHUNKED, `2;x\n{}\r\n0\r\n\r\n${HIDDEN}`) },
  { name: 'a NUL in a chunk extension', source: 'RFC 9112 7.1.1', bytes: post(CHUNKED, chunked(JSON_TEXT, `${JSON_TEXT.length.toString(16)};a=\0`)) },
  { name: 'chunk extensions of 20 KiB', source: 'RFC 9112 7.1.1, CVE-2024-22019', bytes: post(CHUNKED, chunked(JSON_TEXT, `${JSON_TEXT.length.toString(16)};a=${'x'.repeat(20_480)}`)), statuses: [400, 413] },
  { name: 'a trailer that is no field', source: 'RFC 9112 7.1.2', bytes: post(CHUNKED, `${JSON_TEXT.length.toString(16)}\r\n${JSON_TEXT}\r\n0\r\nno field\r\n\r\n`) },
  { name: 'a trailer that frames', source: 'RFC 9110 6.5.1', bytes: post(CHUNKED, `${JSON_TEXT.length.toString(16)}\r\n${JSON_TEXT}\r\n0\r\nContent-Length: 5\r\n\r\n`) },
  { name: 'a trailer that says who asks', source: 'RFC 9110 6.5.1', bytes: post(CHUNKED, `${JSON_TEXT.length.toString(16)}\r\n${JSON_TEXT}\r\n0\r\nAuthorization: Bearer clerk\r\n\r\n`) },
  { name: 'a last chunk without its end', source: 'RFC 9112 8', bytes: post(CHUNKED, `${JSON_TEXT.length.toString(16)}\r\n${JSON_TEXT}\r\n0\r\n`), isCut: true },
];

const fields: readonly RawCase[] = [
  { name: 'a folded line', source: 'RFC 9112 5.2', bytes: get('X: a\r\n b\r\n') },
  { name: 'a folded first line', source: 'RFC 9112 2.2', bytes: `GET /api/v1/notes HTTP/1.1\r\n ${HOST}${WHO}\r\n` },
  { name: 'a bare carriage return in a value', source: 'RFC 9110 5.5, CWE-113', bytes: get('X: a\rb\r\n') },
  { name: 'a bare line feed in a value', source: 'RFC 9112 2.2, CWE-113', bytes: get('X: a\nY: b\r\n') },
  { name: 'lines that end with a line feed', source: 'RFC 9112 2.2 (MAY)', bytes: get('').replaceAll('\r\n', '\n') },
  { name: 'an end of headers of two line feeds', source: 'RFC 9112 2.2 (MAY)', bytes: get('').replace(/\r\n\r\n$/, '\n\n') },
  { name: 'a NUL in a value', source: 'RFC 9110 5.5', bytes: get('X: a\0b\r\n') },
  { name: 'a NUL in a name', source: 'RFC 9110 5.1', bytes: get('X\0Y: b\r\n') },
  { name: 'a DEL in a value', source: 'RFC 9110 5.5', bytes: get('X: a\x7fb\r\n') },
  { name: 'an escape in a value', source: 'RFC 9110 5.5, CWE-117', bytes: get('X: \x1b[2J\r\n') },
  { name: 'a space before a colon', source: 'RFC 9112 5.1', bytes: get('X : a\r\n') },
  { name: 'a tab before a colon', source: 'RFC 9112 5.1', bytes: get('X\t: a\r\n') },
  { name: 'a name with a space', source: 'RFC 9110 5.1', bytes: get('X Y: a\r\n') },
  { name: 'a name with a bracket', source: 'RFC 9110 5.6.2', bytes: get('X[0]: a\r\n') },
  { name: 'a name with bytes above ASCII', source: 'RFC 9110 5.6.2', bytes: get('X\xe4: a\r\n') },
  { name: 'an empty name', source: 'RFC 9110 5.1', bytes: get(': a\r\n') },
  { name: 'a line without a colon', source: 'RFC 9112 5', bytes: get('nothing\r\n') },
  { name: 'two Host fields', source: 'RFC 9112 3.2', bytes: get('Host: evil.test\r\n') },
  { name: 'the same Host twice', source: 'RFC 9112 3.2', bytes: get(HOST) },
  { name: 'no Host', source: 'RFC 9112 3.2', bytes: `GET /api/v1/notes HTTP/1.1\r\n${WHO}\r\n` },
  { name: 'two Authorization fields', source: 'RFC 9110 5.3, CWE-436', bytes: get('Authorization: Bearer viewer\r\n') },
  { name: 'two Content-Type fields', source: 'RFC 9110 5.3, CWE-436', bytes: post(`Content-Type: text/plain\r\n${LENGTH}`, JSON_TEXT) },
  { name: '4,000 fields', source: 'RFC 6585 5, CWE-400', bytes: get('a: b\r\n'.repeat(4_000)), statuses: [431] },
  { name: 'a value of 20 KiB', source: 'RFC 6585 5', bytes: get(`X: ${'x'.repeat(20_480)}\r\n`), statuses: [431] },
  { name: 'a name of 20 KiB', source: 'RFC 6585 5', bytes: get(`${'x'.repeat(20_480)}: a\r\n`), statuses: [431] },
  { name: 'an expectation that nobody knows', source: 'RFC 9110 10.1.1', bytes: post(`Expect: 200-ok\r\n${LENGTH}`, JSON_TEXT), statuses: [417] },
];

const hosts: readonly RawCase[] = ['', 'a b', 'a,b', 'a/b', 'a?b', 'a#b', 'me@evil.test', 'evil.test:x', 'stockade.test:99999999', 'stockade.test:', 'stockade.test\\evil', '<script>', '[::1', 'a%00b', 'st\xf6ckade.test'].map((host) => ({
  name: `a Host of "${host}"`,
  source: 'RFC 9110 7.2, CWE-20',
  bytes: `GET /api/v1/notes HTTP/1.1\r\nHost: ${host}\r\n${WHO}\r\n`,
}));

const lines: readonly RawCase[] = [
  { name: 'HTTP/0.9', source: 'RFC 9112 C.1', bytes: 'GET /api/v1/notes\r\n\r\n' },
  { name: 'HTTP/0.9 by its number', source: 'RFC 9112 2.3', bytes: get('', '/api/v1/notes', 'HTTP/0.9') },
  { name: 'HTTP/1.2', source: 'RFC 9112 2.3', bytes: get('', '/api/v1/notes', 'HTTP/1.2') },
  { name: 'HTTP/2.0 as a line of text', source: 'RFC 9113 3.4', bytes: get('', '/api/v1/notes', 'HTTP/2.0') },
  { name: 'the preface of HTTP/2', source: 'RFC 9113 3.4', bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00' },
  { name: 'HTTP/11', source: 'RFC 9112 2.3', bytes: get('', '/api/v1/notes', 'HTTP/11') },
  { name: 'HTTP/1', source: 'RFC 9112 2.3', bytes: get('', '/api/v1/notes', 'HTTP/1') },
  { name: 'http/1.1', source: 'RFC 9112 2.3', bytes: get('', '/api/v1/notes', 'http/1.1') },
  { name: 'what is not HTTP', source: 'RFC 9112 2.2', bytes: 'EHLO stockade.test\r\n\r\n' },
  { name: 'TLS on the plain port', source: 'RFC 9112 2.2', bytes: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' },
  { name: 'a tab before the target', source: 'RFC 9112 3', bytes: get('').replace('GET ', 'GET\t') },
  { name: 'a space in the target', source: 'RFC 9112 3.2', bytes: get('', '/api/v1/notes?tag=a b') },
  { name: 'a space after the version', source: 'RFC 9112 3', bytes: get('', '/api/v1/notes', 'HTTP/1.1 ') },
  { name: 'a space before the method', source: 'RFC 9112 3', bytes: ` ${get('')}` },
  { name: 'a NUL in the target', source: 'RFC 3986 2, CWE-158', bytes: get('', '/api/v1/notes\0') },
  { name: 'a bare carriage return in the target', source: 'RFC 9112 3', bytes: get('', '/api/v1\r/notes') },
  { name: 'a method in small letters', source: 'RFC 9110 9.1', bytes: get('').replace('GET', 'get') },
  { name: 'a method that nobody knows', source: 'RFC 9110 9.1', bytes: get('').replace('GET', 'SMUGGLE') },
  { name: 'TRACE', source: 'RFC 9110 9.3.8, CWE-693', bytes: get('').replace('GET', 'TRACE'), statuses: [405] },
  { name: 'CONNECT', source: 'RFC 9110 9.3.6, CWE-441', bytes: `CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n${HIDDEN}`, statuses: [405] },
  { name: 'CONNECT with a path', source: 'RFC 9112 3.2.3', bytes: get('').replace('GET', 'CONNECT') },
  { name: 'an absolute form with another host', source: 'RFC 9112 3.2.2', bytes: get('', 'http://evil.test/api/v1/notes') },
  { name: 'an absolute form with credentials', source: 'RFC 9110 4.2.4', bytes: get('', 'http://stockade.test@evil.test/api/v1/notes') },
  { name: 'an absolute form of the same host, with credentials', source: 'RFC 9110 4.2.4', bytes: get('', 'http://me:pw@stockade.test/api/v1/notes') },
  { name: 'an absolute form of another scheme', source: 'RFC 9110 7.4', bytes: get('', 'ftp://stockade.test/api/v1/notes') },
  { name: 'an absolute form, and a Host with a port that is none', source: 'RFC 9112 3.2.2', bytes: get('', 'http://stockade.test/api/v1/notes').replace(HOST, 'Host: stockade.test:99999\r\n') },
  { name: 'an absolute form, and a Host with an address that is none', source: 'RFC 9112 3.2.2', bytes: get('', 'http://stockade.test/api/v1/notes').replace(HOST, 'Host: [:::]\r\n') },
  { name: 'an authority form', source: 'RFC 9112 3.2.3', bytes: get('', 'stockade.test:80') },
  { name: 'an asterisk form', source: 'RFC 9112 3.2.4', bytes: get('', '*') },
  { name: 'a target that begins with a query', source: 'RFC 9112 3.2.1', bytes: get('', '?tag=a') },
  { name: 'a fragment in the target', source: 'RFC 9112 3.2', bytes: get('', '/api/v1/notes#x') },
  { name: 'a fragment behind a query', source: 'RFC 9112 3.2', bytes: get('', '/api/v1/notes?tag=a#x') },
  { name: 'a backslash for a slash', source: 'RFC 3986 2.2', bytes: get('', '/api\\v1\\notes') },
  { name: 'bytes above ASCII in the target', source: 'RFC 3986 2', bytes: get('', '/api/v1/notes/\xff') },
  { name: 'bytes above ASCII in the query', source: 'RFC 3986 2', bytes: get('', '/api/v1/notes?tag=\xc3\xa4') },
  { name: 'a percent without its digits', source: 'RFC 3986 2.1', bytes: get('', '/api/v1/notes/%2') },
  { name: 'a percent with other digits', source: 'RFC 3986 2.1', bytes: get('', '/api/v1/notes/%zz') },
  { name: 'an encoding that is not UTF-8', source: 'RFC 3629 3', bytes: get('', '/api/v1/notes/%ff%fe') },
  { name: 'an overlong encoding of a slash', source: 'RFC 3629 3, CWE-22', bytes: get('', '/api/v1/notes/%c0%af') },
  { name: 'an encoded surrogate', source: 'RFC 3629 3', bytes: get('', '/api/v1/notes/%ed%a0%80') },
  { name: 'an encoded NUL', source: 'CWE-158', bytes: get('', '/api/v1/notes/a-1%00') },
  { name: 'an encoded line break', source: 'CWE-93', bytes: get('', '/api/v1/notes/a-1%0d%0aX:%20y') },
  { name: 'a query with a broken encoding', source: 'RFC 3986 2.1', bytes: get('', '/api/v1/notes?tag=%zz') },
  { name: 'a query that is not UTF-8', source: 'RFC 3629 3', bytes: get('', '/api/v1/notes?tag=%ff') },
  { name: 'a target of 20 KiB', source: 'RFC 9110 15.5.15', bytes: get('', `/api/v1/notes?tag=${'x'.repeat(20_480)}`), statuses: [414, 431] },
  { name: 'a traversal out of the assets', source: 'CWE-22', bytes: get('', '/assets/x/../../../../etc/passwd') },
  { name: 'an encoded traversal', source: 'CWE-22', bytes: get('', '/assets/x/%2e%2e%2f%2e%2e%2fpackage.json') },
  { name: 'a doubled slash before the path', source: 'RFC 3986 3.3, CWE-436', bytes: get('', '//api/v1/notes') },
];

const bodies: readonly RawCase[] = [
  { name: 'a body above the limit', source: 'RFC 9110 15.5.14, CWE-400', bytes: post(`Content-Length: 70000\r\n`, `"${'x'.repeat(69_998)}"`), statuses: [413] },
  { name: 'a body shorter than its length, then the end', source: 'RFC 9112 8', bytes: post('Content-Length: 100\r\n', JSON_TEXT), isCut: true },
  { name: 'a body longer than its length: the rest is no request', source: 'RFC 9112 9.3', bytes: post('Content-Length: 2\r\n', `{}${JSON_TEXT}`) },
  { name: 'a gzip that is none', source: 'RFC 9110 8.4', bytes: post(`Content-Encoding: gzip\r\n${LENGTH}`, JSON_TEXT), statuses: [415] },
  { name: 'a multipart body', source: 'RFC 9110 15.5.16', bytes: post(LENGTH, JSON_TEXT).replace('application/json', 'multipart/form-data; boundary=x'), statuses: [415] },
  { name: 'two readings of one name', source: 'RFC 8259 4, CWE-436', bytes: post(`Content-Length: ${TWO_READINGS.length}\r\n`, TWO_READINGS) },
];

const upgrades: readonly RawCase[] = [
  { name: 'a WebSocket without a key', source: 'RFC 6455 4.2.1', bytes: get(UPGRADE.replace(/Sec-WebSocket-Key.*\r\n/, ''), '/api/v1/socket') },
  { name: 'a WebSocket with a key of another length', source: 'RFC 6455 4.2.1', bytes: get(UPGRADE.replace('dGhlIHNhbXBsZSBub25jZQ==', 'AAAA'), '/api/v1/socket') },
  { name: 'a WebSocket of another version, with a request behind it', source: 'RFC 6455 4.4, 0ang3el 2019', bytes: `${get(UPGRADE.replace('13', '777'), '/api/v1/socket')}${HIDDEN}` },
  { name: 'a WebSocket by POST', source: 'RFC 6455 4.1', bytes: get(UPGRADE, '/api/v1/socket').replace('GET', 'POST') },
  { name: 'a WebSocket of nobody, with a request behind it', source: 'RFC 6455 10.5', bytes: `${get(UPGRADE, '/api/v1/socket').replace(WHO, '')}${HIDDEN}` },
  { name: 'a WebSocket at another path, with a request behind it', source: 'RFC 9110 7.8', bytes: `${get(UPGRADE)}${HIDDEN}` },
  { name: 'a WebSocket with a body, which is a request', source: 'RFC 6455 4.1, CWE-444', bytes: `${get(`${UPGRADE}Content-Length: ${HIDDEN.length}\r\n`, '/api/v1/socket')}${HIDDEN}` },
  { name: 'a WebSocket with a chunked body', source: 'RFC 6455 4.1, CWE-444', bytes: `${get(`${UPGRADE}${CHUNKED}`, '/api/v1/socket')}${chunked(HIDDEN)}` },
  { name: 'a WebSocket with two Host fields', source: 'RFC 9112 3.2', bytes: get(`${UPGRADE}Host: evil.test\r\n`, '/api/v1/socket') },
  { name: 'a WebSocket with a Host that is none', source: 'RFC 9110 7.2', bytes: get(UPGRADE, '/api/v1/socket').replace('Host: stockade.test', 'Host: me@evil.test') },
  { name: 'a WebSocket by an absolute form with another host', source: 'RFC 9112 3.2.2', bytes: get(UPGRADE, 'http://evil.test/api/v1/socket') },
  { name: 'a WebSocket in HTTP/1.0', source: 'RFC 6455 4.1', bytes: get(UPGRADE, '/api/v1/socket', 'HTTP/1.0') },
  { name: 'a WebSocket from another site', source: 'CWE-1385', bytes: get(`${UPGRADE}Origin: https://evil.test\r\n`, '/api/v1/socket') },
  { name: 'an upgrade to h2c with a length beside chunked', source: 'RFC 9113 3.1, Kettle 2020', bytes: post(`Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n${CHUNKED}Content-Length: 5\r\n`, chunked(JSON_TEXT)) },
];

/** The first is refused; what follows on the same connection is not a second request but the rest of it, or is answered by itself. */
const pipelined: readonly RawCase[] = [
  { name: 'a request behind one with a broken chunk', source: 'CWE-444', bytes: `${post(CHUNKED, `zz\r\n\r\n`)}${HIDDEN}` },
  { name: 'a request behind a broken one', source: 'CWE-444', bytes: `GET /api/v1/notes HTTP/1.1\r\nbroken\r\n\r\n${HIDDEN}` },
  { name: 'a request behind two Host fields', source: 'RFC 9112 3.2, CWE-444', bytes: `${get('Host: evil.test\r\n')}${HIDDEN}` },
  { name: 'a request behind a GET with a length', source: 'CWE-444', bytes: `${get('Content-Length: 1\r\n')}x${HIDDEN}` },
  { name: 'a request behind a TRACE', source: 'RFC 9110 9.3.8', bytes: `${get('').replace('GET', 'TRACE')}${HIDDEN}` },
  { name: 'a request behind an unknown expectation', source: 'RFC 9110 10.1.1, CWE-444', bytes: `${post(`Expect: x\r\nContent-Length: ${HIDDEN.length}\r\n`, '')}${HIDDEN}${HIDDEN}` },
  { name: 'a request behind chunked in HTTP/1.0 that asks to be kept', source: 'RFC 9112 6.1', bytes: `${post(`Connection: keep-alive\r\n${CHUNKED}`, chunked('x'), 'HTTP/1.0')}${HIDDEN}` },
];

export const RAW_CORPUS: readonly RawCase[] = [...framing, ...chunks, ...fields, ...hosts, ...lines, ...bodies, ...upgrades, ...pipelined];
