// When the locked versions were published: kept in the repository, so that their age is judged without a network.
// Tested by dependencies_have_aged.gate.test.ts: the record is what that gate reads.
import { z } from 'zod';
import { parseJson, Unusable } from './gate.ts';
import type { LockedPackage } from './lock-file.ts';

export const RELEASE_DATES = '.github/gates/release-dates.json';

const Dates = z.record(z.string(), z.iso.date());
export type ReleaseDates = z.infer<typeof Dates>;

/** @throws Unusable */
export function readReleaseDates(text: string): ReleaseDates {
  const dates = Dates.safeParse(parseJson(text, RELEASE_DATES));
  if (!dates.success) throw new Unusable(`${RELEASE_DATES} has another form: ${z.prettifyError(dates.error)}`);
  return dates.data;
}

export function idOf({ name, alias, version }: LockedPackage): string {
  return `${name ?? alias}@${version ?? ''}`;
}

const Times = z.record(z.string(), z.string());

/** @throws Unusable when npm answered nothing whole. */
export function publishedOn(id: string, answer: string): string | undefined {
  const times = Times.safeParse(parseJson(answer, 'npm view'));
  if (!times.success) throw new Unusable('npm view answered in another form');
  const time = times.data[id.slice(id.lastIndexOf('@') + 1)];
  return time === undefined || Number.isNaN(Date.parse(time)) ? undefined : new Date(time).toISOString().slice(0, 10);
}
