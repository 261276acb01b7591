import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { lockFolder } from '#app/data/folder-lock.ts';
import { AppError } from '#app/errors.ts';

async function makeFolder(t: TestContext): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'stockade-lock-'));
  t.after(() => rm(directory, { recursive: true }));
  return path.join(directory, 'postgres');
}

/** A process that locks the folder, says so or why not, and then stays. */
function startOwner(t: TestContext, folder: string): ChildProcess {
  const code = `
    const { lockFolder } = await import(${JSON.stringify(new URL('./folder-lock.ts', import.meta.url).href)});
    try { lockFolder(${JSON.stringify(folder)}); console.log('locked'); setInterval(() => {}, 1e6); }
    catch (error) { console.log(error.message); }`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], { stdio: ['ignore', 'pipe', 'inherit'], cwd: path.resolve(import.meta.dirname, '../..') });
  t.after(() => child.kill('SIGKILL'));
  return child;
}

async function readAnswer(child: ChildProcess): Promise<string> {
  assert.ok(child.stdout);
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
  return chunk.toString().trim();
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

test('a second process is refused in one line that says where, who and how to mend it', async (t) => {
  const folder = await makeFolder(t);
  const owner = startOwner(t, folder);
  assert.equal(await readAnswer(owner), 'locked');
  assert.throws(() => lockFolder(folder), (error) => {
    assert.ok(error instanceof AppError);
    assert.equal(error.code, 'data-folder-in-use');
    assert.ok(error.message.includes(folder));
    assert.match(error.message, new RegExp(`process ${owner.pid ?? 0} \\(started .+\\): end that process first`));
    assert.doesNotMatch(error.message, /\n/);
    return true;
  });
});

test('the same process is refused as well, until it releases', async (t) => {
  const folder = await makeFolder(t);
  const lock = lockFolder(folder);
  assert.throws(() => lockFolder(folder), new RegExp(`process ${process.pid} `));
  lock.release();
  lock.release();
  lockFolder(folder).release();
});

test('the lock of a process that was killed is free at once', async (t) => {
  const folder = await makeFolder(t);
  for (let cycle = 0; cycle < 3; cycle += 1) {
    const owner = startOwner(t, folder);
    assert.equal(await readAnswer(owner), 'locked');
    await kill(owner);
  }
  lockFolder(folder).release();
});

test('ASVS 15.4.1: of several processes that race for a killed owner\'s folder exactly one gets it, and the others name that one', async (t) => {
  const folder = await makeFolder(t);
  const owner = startOwner(t, folder);
  assert.equal(await readAnswer(owner), 'locked');
  await kill(owner);
  const racers = Array.from({ length: 4 }, () => startOwner(t, folder));
  const answers = await Promise.all(racers.map(async (racer) => ({ pid: racer.pid ?? 0, answer: await readAnswer(racer) })));
  const winners = answers.filter(({ answer }) => answer === 'locked');
  assert.equal(winners.length, 1, JSON.stringify(answers));
  for (const { answer } of answers.filter((one) => one !== winners[0])) assert.match(answer, new RegExp(`process ${winners[0]?.pid ?? 0} `));
});
