// Exports of a person's own data: changes of the platform itself, each with its entry in the audit trail.
// Tested by restore.proof.ts: which writes them.
import type { CreateWorkload } from '#app/testing/restore-workload.ts';

interface Page {
  readonly entries: readonly { readonly requestId: string; readonly action: string }[];
  readonly nextCursor: string | null;
}

export const createExports: CreateWorkload = ({ origin, tokens }) => ({
  name: 'entries of the audit trail',
  prepare: () => Promise.resolve(),
  async change() {
    try {
      const response = await fetch(`${origin}/api/v1/me/export`, { method: 'POST', headers: { authorization: `Bearer ${tokens.clerk}` } });
      await response.arrayBuffer();
      return response.status === 200 ? (response.headers.get('x-request-id') ?? undefined) : undefined;
    } catch (error) {
      // fetch: no connection, or one that ended in the middle.
      if (error instanceof TypeError) return undefined;
      throw error;
    }
  },
  async read() {
    const ids: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const response: Response = await fetch(`${origin}/api/v1/audit-entries?limit=200${cursor === '' ? '' : `&cursor=${cursor}`}`, { headers: { authorization: `Bearer ${tokens.auditor}` } });
      if (response.status !== 200) throw new Error(`The trail answered ${response.status}.`);
      const page = (await response.json()) as Page;
      ids.push(...page.entries.filter(({ action }) => action === 'own-data:export').map(({ requestId }) => requestId));
      cursor = page.nextCursor;
    }
    return { ids, problems: ids.length === new Set(ids).size ? [] : ['an export has two entries'] };
  },
});
