// How what is signed leaves the database: as a line of JSON, in a file or among others in the log.
// Tested by audit-checkpoint.test.ts and erasures.test.ts: they read back what they wrote.
import { z } from 'zod';

export const hex = (bytes: number) => z.string().regex(/^[0-9a-f]*$/).length(bytes * 2);

/** Undefined for a line that is something else. */
export function readLine<T extends z.ZodType>(schema: T, text: string): z.output<T> | undefined {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    return undefined;
  }
  return schema.safeParse(content).data;
}
