// `npm run test:image`: builds the Dockerfile as it stands, looks at what is in the image, and runs it as an operator would,
// beside a real PostgreSQL and an issuer, both over TLS, under a login that row-level security holds. Buildah and Podman, without a daemon; needs root.
//   --file <Dockerfile>   --json
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { makeCertificate } from '#app/testing/certificate.ts';
import { until } from '#app/testing/condition.ts';
import type { Bases } from '#app/testing/image/bases.ts';
import { buildImage } from '#app/testing/image/build.ts';
import { type Container, runInImage, startContainer } from '#app/testing/image/container.ts';
import { createEngine, type Engine, findMissing } from '#app/testing/image/engine.ts';
import { type ImageFile, listFiles } from '#app/testing/image/files.ts';
import { comparePackages, findPrivileged, findPrograms, findSecrets, findUnneeded, findWritable, type ImageConfig, judgeConfig } from '#app/testing/image/verdict.ts';
import { CLIENT_ID, startIssuer } from '#app/testing/issuer.ts';
import { freePorts } from '#app/testing/ports.ts';
import { createPostgres, findPostgresPrograms } from '#app/testing/private-postgres.ts';
import { exitCodeOfNotRun, formatRows } from '#app/testing/report.ts';
import { createServiceLogin, type ServiceLogin } from '#app/testing/service-login.ts';

interface Check {
  readonly claim: string;
  /** Empty: it holds. */
  readonly violations: readonly string[];
  /** What was seen, or why it was not looked at. */
  readonly seen: string;
  readonly ran: boolean;
}

const IMAGE = 'localhost/stockade-under-proof';
const USER = 65_532;
const READY_WITHIN_MS = 60_000;
const MIB = 1_048_576;
const NODE = '/nodejs/bin/node';

const checks: Check[] = [];
function check(claim: string, violations: readonly string[], seen = ''): void {
  checks.push({ claim, violations, seen, ran: true });
}
function skip(claim: string, why: string): void {
  checks.push({ claim, violations: [], seen: `not run: ${why}`, ran: false });
}

async function build(engine: Engine, directory: string, dockerfile: string): Promise<Bases> {
  const { bases, seconds } = await buildImage(engine, { image: IMAGE, directory, dockerfile });
  check('the Dockerfile builds, as it stands', [], `${seconds} s, ${bases.real ? 'on the bases that it names' : 'on stand-ins for its bases, which can’t be pulled here'}`);
  return bases;
}

async function mount(engine: Engine, image: string): Promise<readonly ImageFile[]> {
  const container = await engine.buildah(['from', '--pull-never', image]);
  return listFiles(await engine.buildah(['mount', container]));
}

async function look(engine: Engine, bases: Bases): Promise<void> {
  process.stderr.write('looking at the files\n');
  const [files, base] = [await mount(engine, IMAGE), await mount(engine, bases.runtime)];
  const ofBase = new Set(base.map((file) => file.path));
  const own = files.filter((file) => !ofBase.has(file.path));
  const whole = bases.real ? files : own;
  check('no shell and no package manager', findPrograms(whole), `${whole.length} files${bases.real ? '' : ' of our layers'}`);
  check('no file runs with another’s rights', findPrivileged(whole));
  if (!bases.real) skip('the same two of the base', 'the base is a stand-in');
  check('our layers add to /app alone', own.filter((file) => file.path !== '/app' && !file.path.startsWith('/app/')).map((file) => `${file.path} is outside of /app`));
  check('the process can change nothing of the program', findWritable(files, USER, '/app'));
  check('no secret and no leftover', findSecrets(files, '/app'));
  const packages = files.flatMap((file) => /^\/app\/(node_modules\/.+)\/package\.json$/.exec(file.path)?.slice(1) ?? []).filter((name) => /(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/]+$/.test(name));
  check('the packages are those of production, no more and no fewer', comparePackages(packages, await readFile('package-lock.json', 'utf8')), `${packages.length} packages`);
  await lookAtSources(files);
  const mib = (part: readonly ImageFile[]) => `${(part.reduce((sum, { bytes }) => sum + bytes, 0) / MIB).toFixed(1)} MiB`;
  const below = (folder: string) => own.filter((file) => file.path.startsWith(folder));
  check('what it weighs', [], `our layers ${mib(own)}: packages ${mib(below('/app/node_modules/'))}, app ${mib(below('/app/app/'))}, compiled code ${mib(below('/app/compiled/'))}${bases.real ? `; with the base ${mib(files)}` : ''}`);
}

async function lookAtSources(files: readonly ImageFile[]): Promise<void> {
  const sources = new Map<string, string>();
  for (const file of files) if (file.kind === 'file' && file.path.startsWith('/app/app/')) sources.set(file.path.slice('/app/'.length), await readFile(file.path.slice('/app/'.length), 'utf8'));
  check('of app, what production loads and nothing else', findUnneeded(sources), `${sources.size} files`);
}

async function judgeImageConfig(engine: Engine): Promise<ImageConfig> {
  const { Docker: { config } } = JSON.parse(await engine.buildah(['inspect', '--type', 'image', IMAGE])) as { readonly Docker: { readonly config: ImageConfig } };
  check('the configuration: user, start, health, signal, environment', judgeConfig(config), `user ${config.User ?? ''}, health check ${String(config.Healthcheck?.Test?.at(-1))}`);
  return config;
}

async function runImage(engine: Engine, directory: string, config: ImageConfig): Promise<void> {
  const programs = findPostgresPrograms();
  if (programs === undefined) {
    skip('the service starts and answers', 'no PostgreSQL server programs found');
    return;
  }
  const [port = 0, adminPort = 0, databasePort = 0] = await freePorts(3);
  const certificate = await makeCertificate(directory);
  const issuer = await startIssuer(certificate);
  const postgres = await createPostgres(programs, databasePort, { certificate });
  let login: ServiceLogin | undefined;
  let container: Container | undefined;
  try {
    await postgres.start();
    const files = { '/certificate.pem': certificate.file };
    const migrated = await runInImage(engine, { image: IMAGE, environment: { DATABASE_MIGRATION_URL: postgres.url, NODE_EXTRA_CA_CERTS: '/certificate.pem' }, files }, [...(config.Cmd ?? []).slice(0, -1), 'app/migrate.command.ts']);
    check('it migrates, over TLS', /: applied platform\/0001/.test(migrated) ? [] : [migrated]);
    login = await createServiceLogin(postgres.url);
    const secrets = await writeSecrets(directory, { PRIVACY_KEYS: `image:${'A'.repeat(43)}`, DATABASE_URL: login.url(postgres.url), OIDC_CLIENT_SECRET: 'of-no-use-to-anybody' });
    process.stderr.write('running\n');
    const from = performance.now();
    container = await startContainer(engine, {
      image: IMAGE,
      // Loopback and free ports, since the network is this machine's.
      environment: { HOST: '127.0.0.1', PORT: String(port), ADMIN_HOST: '127.0.0.1', ADMIN_PORT: String(adminPort), PUBLIC_URL: 'https://image.invalid', SECURITY_CONTACT: 'mailto:nobody@image.invalid', OIDC_ISSUER: issuer.origin, OIDC_CLIENT_ID: CLIENT_ID, OIDC_AUDIENCE: 'https://image.invalid/api', NODE_EXTRA_CA_CERTS: '/certificate.pem', ...secrets.environment },
      files: { ...files, ...secrets.files },
    });
    await askContainer(container, { port, adminPort, config, from });
  } catch (error) {
    check('the service starts and answers', [error instanceof Error ? error.message : String(error), ...((await container?.log()) ?? '').split('\n').slice(-12)]);
  } finally {
    await container?.remove();
    issuer.close();
    await postgres.remove();
  }
}

/** As an orchestrator mounts them: readable for the container's user, who is not the one that owns them. */
async function writeSecrets(directory: string, secrets: Readonly<Record<string, string>>) {
  const entries = await Promise.all(
    Object.entries(secrets).map(async ([name, secret]) => {
      const [inside, outside] = [`/run/secrets/${name.toLowerCase()}`, path.join(directory, name)];
      await writeFile(outside, `${secret}\n`, { mode: 0o444 });
      return { name, inside, outside };
    }),
  );
  return { environment: Object.fromEntries(entries.map(({ name, inside }) => [`${name}_FILE`, inside])), files: Object.fromEntries(entries.map(({ inside, outside }) => [inside, outside])) };
}

interface Running {
  readonly port: number;
  readonly adminPort: number;
  readonly config: ImageConfig;
  readonly from: number;
}

async function askContainer(container: Container, { port, adminPort, config, from }: Running): Promise<void> {
  await until('the service to be ready', () => fetch(`http://127.0.0.1:${adminPort}/readyz`).then(({ status }) => status === 200, () => false), READY_WITHIN_MS);
  const readyMs = Math.round(performance.now() - from);
  const page = await fetch(`http://127.0.0.1:${port}/docs`);
  const nobody = await fetch(`http://127.0.0.1:${port}/api/v1/items`);
  check('it starts read-only, without capabilities, and answers', [...expectEqual('GET /docs', page.status, 200), ...expectEqual('a request of nobody', nobody.status, 401), ...expectEqual('a CSP', page.headers.has('content-security-policy'), true)], `ready ${readyMs} ms after podman run`);

  const status = async (program: string) => (await container.run([NODE, '--input-type=module', '--eval', program])).stdout.trim();
  const seen = await status("import { readFileSync } from 'node:fs'; const s = readFileSync('/proc/1/status', 'utf8'); console.log(/^Uid:\\s+(\\d+)/m.exec(s)[1], BigInt('0x' + /^CapEff:\\s+(\\S+)/m.exec(s)[1]).toString(), /^NoNewPrivs:\\s+(\\d)/m.exec(s)?.[1])");
  check('the process is nobody, can do nothing special and become nobody else', expectEqual('user, capabilities, no-new-privileges', seen, `${USER} 0 1`));
  const write = (file: string) => status(`import { writeFileSync } from 'node:fs'; try { writeFileSync('${file}', ''); console.log('written'); } catch ({ code }) { console.log(code); }`);
  check('nothing can be written, anywhere', (await Promise.all(['/app/x', '/tmp/x', '/home/nonroot/x', '/app/compiled/x'].map(async (file) => ['EROFS', 'EACCES'].includes(await write(file)) ? [] : [`${file} could be written`]))).flat());
  const cache = await container.run([NODE, ...(config.Cmd ?? []).slice(0, -1), '--input-type=module', '--eval', "import { existsSync } from 'node:fs'; import { getCompileCacheDir } from 'node:module'; console.log(existsSync(getCompileCacheDir()))"]);
  check('the code that was compiled with the image is found at the start', expectEqual('a folder for this Node and user', cache.stdout.trim(), 'true'));
  check('argon2’s addon loads, though no install script ran', expectEqual('a hash', await status("import { hash, verify } from 'argon2'; console.log(await verify(await hash('x'), 'x'));"), 'true'));

  const health = config.Healthcheck?.Test?.slice(1) ?? [];
  const well = await container.run(health);
  const [nobodyThere = 0] = await freePorts(1);
  const ill = await container.run(health, { ADMIN_PORT: String(nobodyThere) });
  check('the health check passes, and fails where nothing answers', [...expectEqual('while it serves', well.code, 0), ...expectEqual('where nothing answers', ill.code, 1)], ill.stderr.split('\n')[0]);
  const stopping = performance.now();
  const code = await container.stop();
  check('the stop signal ends it in order', expectEqual('its exit status', code, '0'), `${Math.round(performance.now() - stopping)} ms`);
}

function expectEqual(what: string, actual: unknown, expected: unknown): readonly string[] {
  return actual === expected ? [] : [`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`];
}

const { values } = parseArgs({ options: { file: { type: 'string', default: 'Dockerfile' }, json: { type: 'boolean', default: false } } });
const missing = findMissing();
if (missing !== undefined) {
  console.log(`image: not run, ${missing}`);
  process.exit(exitCodeOfNotRun(process.env['CI'] === 'true'));
}
const directory = await mkdtemp(path.join(tmpdir(), 'stockade-image-'));
const engine = createEngine(directory);
try {
  const bases = await build(engine, directory, values.file);
  await look(engine, bases);
  await runImage(engine, directory, await judgeImageConfig(engine));
} finally {
  await engine.remove();
}
if (values.json) console.log(JSON.stringify(checks, undefined, 2));
else {
  console.log(formatRows([['', 'check', 'seen'], ...checks.map(({ claim, violations, seen, ran }) => [!ran ? '-' : violations.length === 0 ? '✔' : '✖', claim, seen])]));
  for (const { claim, violations } of checks) for (const violation of violations.slice(0, 20)) console.log(`  ${claim}: ${violation}`);
}
if (checks.some(({ violations }) => violations.length > 0)) process.exitCode = 1;
