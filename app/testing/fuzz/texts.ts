// Texts that something on the way may take for more than text.

export const TEXTS = [
  '', ' ', '0', '-1', '1e400', '9007199254740993', 'null', 'undefined', 'true', '[]', '{}', '..', '../..', '__proto__', 'constructor', 'toString', '\u0000', 'a\u0000b', '\r\nX: y', '\u202e', '\ufeff', '\ud800',
  "'; drop table item; --", "' or 1=1 --", '<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', '${7*7}', '{{7*7}}', '%', '%s%n', '$(id)', '`id`', '//evil.test', 'javascript:alert(1)', 'https://evil.test', '\\\\evil.test', 'ａｂｃ', '🏴󠁧󠁢', 'İ', 'ß', 'e\u0301'.repeat(50), 'x'.repeat(300), 'x'.repeat(5_000), '2026-13-45T99:99:99Z', '0x10', '1_000', '１２', '+1', '1.0', 'Infinity', 'NaN', '-0',
] as const;
