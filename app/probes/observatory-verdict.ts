// Whether the MDN HTTP Observatory gave a page the best grade with no failed test.
import { z } from 'zod';

const ScanSchema = z.object({
  scan: z.object({ grade: z.string(), score: z.number(), statusCode: z.number(), testsFailed: z.number(), testsPassed: z.number(), testsQuantity: z.number() }),
  tests: z.record(z.string(), z.object({ pass: z.boolean(), result: z.string().nullable() })),
});

export interface ScannedPage {
  readonly name: string;
  /** Cookies must have been seen: with none of them, their test proves nothing. */
  readonly setsCookies: boolean;
  readonly output: string;
}

export interface PageVerdict {
  readonly name: string;
  readonly grade: string;
  readonly score: number;
  readonly passed: string;
  readonly violations: readonly string[];
}

const LEAST_TESTS = 10;
const GOOD_COOKIES = 'cookies-secure-with-httponly-sessions-and-samesite';

export function judgePage({ name, setsCookies, output }: ScannedPage): PageVerdict {
  const read = ScanSchema.safeParse(toJson(output));
  if (!read.success) return { name, grade: '–', score: 0, passed: '–', violations: [`no result: ${output.trim().slice(0, 200) || 'nothing was said'}`] };
  const { scan, tests } = read.data;
  const failed = Object.entries(tests).filter(([, { pass }]) => !pass);
  return {
    name,
    grade: scan.grade,
    score: scan.score,
    passed: `${scan.testsPassed} of ${scan.testsQuantity}`,
    violations: [
      ...(scan.grade === 'A+' ? [] : [`grade ${scan.grade}`]),
      ...failed.map(([test, { result }]) => `${test}: ${result ?? 'no result'}`),
      ...(scan.testsFailed === failed.length ? [] : [`${scan.testsFailed} failed tests, of which ${failed.length} are shown`]),
      ...(Object.keys(tests).length >= LEAST_TESTS ? [] : [`only ${Object.keys(tests).length} tests ran`]),
      ...(setsCookies && tests['cookies']?.result !== GOOD_COOKIES ? [`cookies were expected, and were ${tests['cookies']?.result ?? 'not tested'}`] : []),
    ],
  };
}

function toJson(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    return undefined;
  }
}
