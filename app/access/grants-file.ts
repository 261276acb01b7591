// Grants from a file that an operator changes while the service runs; a broken one leaves the last good one in force.
import { readFileSync, statSync } from 'node:fs';
import type { Logger } from 'pino';
import { Gauge, type Registry } from 'prom-client';
import { z } from 'zod';
import type { Access } from '#app/access/access.ts';
import { AppError } from '#app/errors.ts';
import { ROLES } from '#app/feature.ts';

export interface GrantsFileOptions {
  readonly file: string;
  readonly access: Pick<Access, 'override' | 'rules'>;
  readonly log: Logger;
  readonly metrics: Registry;
  readonly pollMs?: number;
}

/** Looked at rather than watched: a mounted file is changed by moving a link, which a watch does not see everywhere. */
const POLL_MS = 2_000;
const LARGEST_BYTES = 1_048_576;

/** Returns how to stop. @throws AppError for a file that is not good at the start. */
export function followGrants({ file, access, log, metrics, pollMs = POLL_MS }: GrantsFileOptions): () => void {
  const valid = new Gauge({ name: 'stockade_access_grants_valid', help: '1 while ACCESS_GRANTS_FILE is in force as it stands; 0 while it is broken and the last good one counts.', registers: [metrics] });
  let seen = '';

  const load = (): void => {
    const last = seen;
    // A file that was away and is back as it was must be read again, or it would be called broken for ever.
    seen = '';
    seen = markOf(file);
    if (seen === last) return;
    const { revision, grants } = readGrants(file, access.rules);
    access.override(grants, revision);
    valid.set(1);
    log.info({ revision }, 'the grants of the file are in force');
  };
  load();
  const timer = setInterval(() => {
    try {
      load();
    } catch (error) {
      valid.set(0);
      log.error({ err: error }, 'the file of grants is broken: the last good one stays in force');
    }
  }, pollMs);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}

/** @throws AppError when the file is not there. */
function markOf(file: string): string {
  try {
    // eslint-disable-next-line security/detect-non-literal-fs-filename -- the operator's setting
    const { mtimeMs, size, ino } = statSync(file);
    return `${mtimeMs} ${size} ${ino}`;
  } catch (cause) {
    throw new AppError(`ACCESS_GRANTS_FILE ${file} can't be read: put it there, or remove the setting.`, { cause });
  }
}

function readGrants(file: string, { grants: declared }: Access['rules']): z.infer<typeof schema> {
  let text: string;
  try {
    // eslint-disable-next-line security/detect-non-literal-fs-filename -- the operator's setting
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new AppError(`ACCESS_GRANTS_FILE ${file} can't be read.`, { cause });
  }
  if (text.length > LARGEST_BYTES) throw new AppError(`ACCESS_GRANTS_FILE ${file} is larger than a mebibyte.`);
  let read: ReturnType<typeof schema.safeParse>;
  try {
    read = schema.safeParse(JSON.parse(text));
  } catch (cause) {
    throw new AppError(`ACCESS_GRANTS_FILE ${file} is not JSON.`, { cause });
  }
  if (!read.success) throw new AppError(`ACCESS_GRANTS_FILE ${file}: ${z.prettifyError(read.error).replaceAll('\n', ' ')}`);
  const unknown = Object.keys(read.data.grants).find((action) => !Object.hasOwn(declared, action));
  if (unknown !== undefined) throw new AppError(`ACCESS_GRANTS_FILE ${file} grants "${unknown}", which no feature declares.`);
  return read.data;
}

/** Actions that it leaves out stay as the features declare them. */
const schema = z.strictObject({ revision: z.string().min(1).max(100), grants: z.record(z.string(), z.array(z.enum(ROLES))) });
