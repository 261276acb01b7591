// All that is kept about a person as one JSON document, written page by page: it ends only when everything is in it.
import type { ExportedTable } from '#app/privacy/personal-rows.ts';

export interface ExportHead {
  readonly subject: string;
  readonly person?: string;
  readonly exportedAt: string;
}

export async function* writeExport(head: ExportHead, tables: Iterable<ExportedTable>): AsyncGenerator<string> {
  let separator = '';
  yield `${JSON.stringify(head).slice(0, -1)},"tables":[`;
  for (const { pages, ...table } of tables) {
    yield `${separator}\n${JSON.stringify(table).slice(0, -1)},"rows":[`;
    separator = ',';
    let first = true;
    for await (const rows of pages) {
      yield `${first ? '' : ','}\n${rows.map((row) => JSON.stringify(row)).join(',\n')}`;
      first = false;
    }
    yield ']}';
  }
  yield '\n]}\n';
}
