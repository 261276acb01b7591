// Where a person comes back to after sign-in: only ever a path of this origin (CWE-601).

/** As it is written in the end: it waits in a cookie. */
const LONGEST = 1_000;

/** The path if it stays on this origin whatever a browser makes of it, else `/`. */
export function localPath(candidate: string | null | undefined, publicUrl: string): string {
  if (candidate === null || candidate === undefined || candidate.length > LONGEST) return '/';
  // Browsers read a backslash as a slash and drop tabs and newlines, so `/\evil` and `/<tab>/evil` are other hosts.
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  if (!candidate.startsWith('/') || /^\/[/\\]|[\u0000-\u0020\u007f\\]/.test(candidate)) return '/';
  if (!URL.canParse(candidate, publicUrl)) return '/';
  const url = new URL(candidate, publicUrl);
  const path = url.pathname + url.search;
  // Dots may leave two slashes at the front (`/..//evil`), which a browser reads as another host.
  return url.origin === publicUrl && !path.startsWith('//') && path.length <= LONGEST ? path : '/';
}
