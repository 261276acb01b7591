// What proofs say at their end, in the same words.

/** A proof that did not run is never green where nobody reads what it says. */
export function exitCodeOfNotRun(isCi: boolean): 0 | 1 {
  return isCi ? 1 : 0;
}

/** Columns that line up, the first row being their names. */
export function formatRows(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()).join('\n');
}
