// TLS to whoever answers: encrypted, and perhaps to the attacker (CWE-295).
import type { WeaknessRule } from './weakness.ts';

export const rule: WeaknessRule = {
  cwe: 295,
  message: 'The certificate of the other side is not checked, or TLS is an outdated version of it.',
  fix: 'Leave verification on. For a private authority, name its certificate (ca, or NODE_EXTRA_CA_CERTS); the least version is TLSv1.2.',
  match: {
    // Words that mean nothing else, wherever they stand.
    'pattern-either': [
      { 'pattern-regex': '(?<!`)\\b[\'"]?rejectUnauthorized[\'"]?\\]?\\s*[:=]\\s*+(?!true\\b|=)[^,;}\\n]+' },
      { 'pattern-regex': '\\bNODE_TLS_REJECT_UNAUTHORIZED[\'"]?\\]?\\s*[:=](?!=)' },
      { 'pattern-regex': '\\b(?:strictSSL|verify_?ssl)[\'"]?\\s*:\\s*false' },
      { 'pattern-regex': '\\b(?:insecureSkipVerify|tlsAllowInvalidCertificates|tlsInsecure|trustServerCertificate|trustAllCerts)[\'"]?\\s*:\\s*true' },
      { 'pattern-regex': '\\bcheckServerIdentity\\s*(?::\\s*(?:\\([^)]*\\)|\\w+|function\\s*\\([^)]*\\))\\s*(?:=>)?\\s*(?:undefined|null|\\{\\s*\\}|\\{\\s*return(?:\\s+undefined)?;?\\s*\\}|void 0)|\\([^)]*\\)\\s*\\{\\s*(?:return(?:\\s+undefined)?;?\\s*)?\\})' },
      { 'pattern-regex': '\\b(?:minVersion|maxVersion|DEFAULT_MIN_VERSION)[\'"]?\\s*[:=]\\s*[\'"`](?:TLSv1|TLSv1\\.1|SSLv3)[\'"`]' },
      { 'pattern-regex': '\\bsecureProtocol[\'"]?\\s*:\\s*[\'"`](?:SSLv|TLSv1_method|TLSv1_1)' },
      { 'pattern-regex': '(?:\\w|\\})[?&]sslmode=(?:no-verify|disable|allow|prefer)\\b' },
    ],
  },
  refuses: ['export const pool = new Pool({ ssl: { rejectUnauthorized: false } });', 'process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";', 'process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";', 'export const f = (options) => { options.rejectUnauthorized = false; };', 'export const f = (config) => tls.connect({ rejectUnauthorized: config.production });', 'export const agent = new https.Agent({ checkServerIdentity: () => undefined });', 'export const s = https.createServer({ minVersion: "TLSv1.1" });', 'export const url = "postgres://db.example/stock?sslmode=no-verify";'],
  allows: ['export const pool = new Pool({ ssl: { rejectUnauthorized: true, ca } });', 'export const s = https.createServer({ minVersion: "TLSv1.3" });', 'export const url = "postgres://db.example/stock?sslmode=verify-full";'],
};
