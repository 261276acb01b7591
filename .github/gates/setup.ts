// Installs the tools that the chosen gates need, from their lock files, and says what that costs.
import { installTools, type ToolSet } from '../tools/install.ts';
import type { NamedGate } from './find.ts';
import { howToGet } from './judge.ts';
import { locate } from './tools.ts';

const COSTS: Readonly<Record<'go' | 'osv' | 'scorecard' | 'python' | 'npm' | 'typescript', string>> = {
  go: 'built from source by Go: some five minutes at first, 2 GB of build cache',
  osv: 'built from source by Go: some four minutes at first, 700 MB of build cache',
  scorecard: 'built from source by Go: five to ten minutes at first, 1 GB of build cache',
  python: 'downloaded by pip: about two minutes, 900 MB',
  npm: 'downloaded by npm: seconds, 60 MB',
  typescript: 'downloaded by npm: seconds, 30 MB',
};

export async function prepare(gates: readonly NamedGate[], tools: string, say: (line: string) => void): Promise<void> {
  const needed = gates.flatMap((gate) => gate.tools);
  for (const set of ['npm', 'typescript', 'python', 'go', 'osv', 'scorecard'] as const satisfies readonly ToolSet[]) {
    if (!needed.some((tool) => tool.set === set && locate(tool, tools) === undefined)) continue;
    if (set === 'python' && process.platform === 'win32') {
      say('– the python tools have no build for Windows: use WSL, or let CI run their gates');
      continue;
    }
    say(`the ${set} tools: ${COSTS[set]}`);
    const result = await installTools(set, { cache: tools });
    if ('notRun' in result) say(`✖ ${result.notRun}`);
  }
  for (const tool of new Map(needed.map((each) => [each.program, each])).values()) if (tool.set === 'machine' && locate(tool, tools) === undefined) say(`– ${howToGet(tool)}`);
}
