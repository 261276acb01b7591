// A Content-Security-Policy that lets injected scripts run (CWE-1021).
import type { WeaknessRule } from './weakness.ts';

export const rule: WeaknessRule = {
  cwe: 1021,
  message: 'This Content-Security-Policy lets scripts run that we did not write.',
  fix: 'Name \'self\' or a nonce; put scripts and styles into files of assets/.',
  match: { 'pattern-either': [
    { 'pattern-regex': '(?<!\\w)[\'"`]?\'unsafe-(?:inline|eval|hashes)\'' },
    { 'pattern-regex': '(?i)\\b(?:scriptSrc|defaultSrc|scriptSrcElem|objectSrc|baseUri|frameAncestors|script-src|default-src|frame-ancestors)[\'"`]?\\s*:?\\s*\\[?[^\\];\\n]*(?<![\\w/])(?:\\*(?=[\'"`\\s;\\]])|data:|https:(?!//)|http:(?!//)|blob:)' },
  ] },
  refuses: [
    'export const policy = { scriptSrc: ["\'self\'", "\'unsafe-inline\'"] };',
    'export const policy = "default-src \'self\'; script-src \'self\' \'unsafe-eval\'";',
    'export const policy = { "script-src": ["*"] };',
    'export const policy = { frameAncestors: ["https:"] };',
  ],
  allows: [
    'export const policy = { scriptSrc: ["\'self\'"], imgSrc: ["\'self\'", "data:"] };',
    'export const policy = { frameAncestors: ["https://app.example.com"] };',
  ],
};
