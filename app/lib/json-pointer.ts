// JSON Pointers as URI fragments (RFC 6901, 6), as RFC 9457 shows them in `errors`.

/** A lone surrogate, which has no UTF-8 form, becomes U+FFFD. */
export function formatPointer(path: readonly PropertyKey[]): string {
  return ['#', ...path.map((token) => encodeURIComponent(String(token).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1')))].join('/');
}

export function parsePointer(pointer: string): readonly string[] {
  return pointer.split('/').slice(1).map((token) => decodeURIComponent(token).replaceAll('~1', '/').replaceAll('~0', '~'));
}
