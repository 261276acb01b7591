// A request to somebody else that nothing ends: theirs is slow, and ours waits with its memory and its connections (CWE-400).
import type { WeaknessRule } from './weakness.ts';

export const rule: WeaknessRule = {
  cwe: 400,
  message: 'This outbound request has no deadline: when the other side hangs, so does the caller.',
  fix: 'Pass { signal: AbortSignal.timeout(…) } (a named constant in milliseconds), and redirect: "error" unless redirects are wanted.',
  // Browsers end theirs with the page; a command's is ended by the person at the terminal.
  except: /\/assets\/|\.command\.ts$|^app\/identity\/token\.ts$|^app\/lib\/cookie-jar\.ts$|^\.github\//,
  match: {
    'pattern-either': [
      { patterns: [{ 'pattern-either': [{ pattern: 'fetch($URL)' }, { pattern: 'globalThis.fetch($URL)' }] }] },
      { patterns: [{ 'pattern-either': [{ pattern: 'fetch($URL, {...})' }, { pattern: 'globalThis.fetch($URL, {...})' }] }, { 'pattern-not': '$F($URL, {..., signal: $SIGNAL, ...})' }, { 'pattern-not': '$F($URL, {..., signal, ...})' }, { 'pattern-not': '$F($URL, {..., ...$OPTIONS, ...})' }, { 'pattern-not': '$G.fetch($URL, {..., signal: $SIGNAL, ...})' }] },
      { patterns: [{ 'pattern-either': [{ pattern: '$HTTP.request($URL, {...}, ...)' }, { pattern: '$HTTP.request({...}, ...)' }, { pattern: '$HTTP.get($URL, {...}, ...)' }, { pattern: '$HTTP.get({...}, ...)' }] }, { 'metavariable-regex': { metavariable: '$HTTP', regex: '^https?$' } }, { 'pattern-not': '$HTTP.$ASK(..., {..., timeout: $T, ...}, ...)' }, { 'pattern-not': '$HTTP.$ASK(..., {..., signal: $T, ...}, ...)' }] },
    ],
  },
  refuses: ['export const f = () => fetch("https://api.example.com");', 'export const f = (url) => fetch(url, { method: "POST", headers: { accept: "text/plain" } });', 'export const f = () => https.request({ host: "a.example", path: "/" }, () => {});'],
  allows: ['export const f = (url) => fetch(url, { signal: AbortSignal.timeout(1_000), redirect: "error" });', 'export const f = (url, signal) => fetch(url, { method: "POST", signal });', 'export const f = (url, options) => fetch(url, { ...options, redirect: "error" });', 'export const f = (jar, url) => jar.fetch(url);'],
};
