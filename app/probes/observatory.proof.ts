// `npm run probe -- observatory`: the MDN HTTP Observatory scans every HTML page of the service, over TLS. It judges one
// answer a host, so each page is shown at `/` in its turn; it follows redirects through sign-in, and so sees every cookie.
//   --without <header> takes a header from every answer, to see the probe fail   --json
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { parseArgs } from 'node:util';
import { CookieJar } from '#app/lib/cookie-jar.ts';
import { type Certificate, makeCertificate } from '#app/testing/certificate.ts';
import { CLIENT_ID, signInBehindFront, startIssuer } from '#app/testing/issuer.ts';
import { freePorts } from '#app/testing/ports.ts';
import { exitCodeOfNotRun, formatRows } from '#app/testing/report.ts';
import { raisedLimits, type ServiceProcess, startServiceProcess } from '#app/testing/service-process.ts';
import { installTools } from '../../.github/tools/install.ts';
import { judgePage, type PageVerdict } from './observatory-verdict.ts';
import { runTool } from './probe.ts';
import { findPages, onePerShape } from './site-map.ts';
import { startFront } from './tls-front.ts';

/** The start, the documentation and an error at the least. */
const LEAST_PAGES = 3;
const SCANNER = 'node_modules/@mdn/mdn-http-observatory/src/scan.js';
const SCAN_DEADLINE_MS = 60_000;
/** Of statuses above 399 the scanner judges these alone: an error is shown to it as the second, with its own headers and page. */
const JUDGED_ERRORS: readonly number[] = [401, 403];

/** A page in its turn at `/`. */
interface Turn {
  readonly name: string;
  readonly path: string;
  readonly signsIn: boolean;
}

interface Stage {
  readonly service: ServiceProcess;
  readonly frontPort: number;
  readonly certificate: Certificate;
}

async function scanPages({ service, frontPort, certificate }: Stage, toolDirectory: string, without: string | undefined): Promise<readonly PageVerdict[]> {
  let turn: Turn = { name: '', path: '/', signsIn: false };
  const front = await startFront({
    port: frontPort,
    upstreamPort: service.port,
    certificate,
    onRequest: (request) => {
      if (request.path === '/') request.path = turn.path;
      // A scanner presses no button: where people choose how to sign in, it takes the provider's way.
      else if (turn.signsIn && request.path.startsWith('/sign-in?')) request.path = `/auth${request.path}`;
    },
    onAnswer: (answer) => {
      if (without !== undefined) Reflect.deleteProperty(answer.headers, without.toLowerCase());
      if (answer.status >= 400 && !JUDGED_ERRORS.includes(answer.status)) answer.status = 403;
    },
  });
  const verdicts: PageVerdict[] = [];
  try {
    const turns = await listTurns(service.origin);
    for (turn of turns) {
      process.stderr.write(`scanning ${turn.name}\n`);
      const { stdout, stderr } = await runTool(process.execPath, [SCANNER, new URL(front.origin).host], { directory: toolDirectory, deadlineMs: SCAN_DEADLINE_MS, environment: { NODE_EXTRA_CA_CERTS: certificate.file } });
      verdicts.push(judgePage({ name: turn.name, setsCookies: turn.signsIn, output: stdout || stderr }));
    }
  } finally {
    front.close();
  }
  return verdicts;
}

/** Pages behind sign-in are found with a session, and scanned without: the scanner gets one on its way to them. */
async function listTurns(origin: string): Promise<readonly Turn[]> {
  const inside = onePerShape(await findPages(origin, await signInBehindFront(origin), ['/']));
  const outside = onePerShape(await findPages(origin, new CookieJar(), ['/docs', '/there-is-nothing-here', '/auth/callback']));
  const open = new Set(outside.map(({ path: one }) => one));
  return [
    ...inside.filter(({ path: one }) => !open.has(one)).map(({ path: one, status }) => ({ name: `${one}, signed in, ${status}`, path: one, signsIn: true })),
    ...outside.map(({ path: one, status }) => ({ name: `${one}, ${status}`, path: one, signsIn: false })),
  ];
}

function print(verdicts: readonly PageVerdict[]): void {
  console.log(formatRows([['', 'page', 'grade', 'score', 'tests passed'], ...verdicts.map(({ name, grade, score, passed, violations }) => [violations.length === 0 ? '✔' : '✖', name, grade, String(score), passed])]));
  for (const { name, violations } of verdicts) for (const violation of violations) console.log(`  ${name}: ${violation}`);
}

const { values } = parseArgs({ options: { without: { type: 'string' }, json: { type: 'boolean', default: false } } });
const tools = await installTools('npm', { onProgress: (line) => process.stderr.write(`${line}\n`) });
if ('notRun' in tools) {
  console.log(`observatory: not run, ${tools.notRun}`);
  process.exit(exitCodeOfNotRun(process.env['CI'] === 'true'));
}
const directory = await mkdtemp(path.join(tmpdir(), 'stockade-observatory-'));
try {
  const certificate = await makeCertificate(directory);
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), certificate.cert.toString()]);
  const [frontPort = 0] = await freePorts(1);
  const issuer = await startIssuer(certificate);
  // The embedded database is the one that begins with examples: without a thing there is no page of a thing.
  const service = await startServiceProcess('observatory', undefined, {
    ...raisedLimits(),
    PUBLIC_URL: `https://127.0.0.1:${frontPort}`,
    PROVIDER_PORT: '',
    OIDC_ISSUER: issuer.origin,
    OIDC_CLIENT_ID: CLIENT_ID,
    NODE_EXTRA_CA_CERTS: certificate.file,
  });
  try {
    const verdicts = await scanPages({ service, frontPort, certificate }, tools.directory, values.without);
    if (values.json) console.log(JSON.stringify(verdicts, undefined, 2));
    else print(verdicts);
    if (verdicts.length < LEAST_PAGES || verdicts.some(({ violations }) => violations.length > 0)) process.exitCode = 1;
  } finally {
    await service.close();
    issuer.close();
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}
