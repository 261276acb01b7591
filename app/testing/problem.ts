// Reads a problem from an answer, and checks what all problems share.
import assert from 'node:assert/strict';
import type { Problem } from '#app/http/problem.ts';

export async function expectProblem(response: Response, status: number, code: string): Promise<Problem> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  assert.equal(response.headers.get('content-type'), 'application/problem+json');
  assert.equal(response.headers.get('cache-control'), 'no-store');
  const problem = JSON.parse(text) as Problem;
  assert.equal(problem.type, `/problems/${code}`);
  assert.equal(problem.status, status);
  assert.equal(problem.requestId, response.headers.get('x-request-id'));
  assert.ok(problem.title !== '' && problem.detail !== '');
  return problem;
}
