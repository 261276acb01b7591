// Type-aware lint of everything that runs; zero warnings is enforced by the lint script.
import js from '@eslint/js';
import security from 'eslint-plugin-security';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const exportSyntax = [
  { selector: 'ExportDefaultDeclaration', message: 'Use a named export, so that a name is the same everywhere.' },
  { selector: 'ExportAllDeclaration', message: 'No barrel files: import from the file that defines it.' },
];

export default defineConfig(
  globalIgnores(['node_modules/', '.data/', '.cache/', 'coverage/', 'app/bench/stacks/']),
  js.configs.recommended,
  security.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      eqeqeq: 'error',
      'no-eval': 'error',
      'no-new-func': 'error',
      'no-script-url': 'error',
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        ...exportSyntax,
        {
          selector: "MemberExpression[object.name='process'][property.name='env']",
          message: 'Only app/main.ts reads the environment; take what you need as an argument.',
        },
        {
          selector: "MemberExpression[object.name='process'][property.name='exit']",
          message: 'Only app/main.ts ends the process.',
        },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      // `import { type X } from 'y'` still loads y: types are stripped, the import is not.
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // Every indexed read is already `T | undefined` (noUncheckedIndexedAccess), and the rule flags all of them:
      // 4.1 reports `list[i]` as an injection sink. What it was for is held by Map and by zod's strict objects.
      'security/detect-object-injection': 'off',
    },
  },
  {
    // node:test returns promises that the runner itself awaits.
    files: ['**/*.test.ts', '**/*.proof.ts', 'app/testing/**', 'app/bench/**', 'app/probes/**', 'app/attacks/**', '**/proofs/**', '.github/rules/**', '.github/asvs/**', '.github/threats/**', '.github/tools/**', '.github/mutation/**', '.github/gates/**', '.github/terraform/**', '.github/observability/**'],
    rules: {
      '@typescript-eslint/no-floating-promises': ['error', { allowForKnownSafeCalls: [{ from: 'package', package: 'node:test', name: ['test', 'it', 'describe', 'suite', 'before', 'after'] }] }],
      'no-restricted-syntax': ['error', ...exportSyntax],
      // What these read, match and start is the repository's own.
      'security/detect-non-literal-fs-filename': 'off',
      'security/detect-non-literal-regexp': 'off',
      'security/detect-unsafe-regex': 'off',
      'security/detect-child-process': 'off',
      // The attacks bring some.
      'no-script-url': 'off',
    },
  },
  {
    // The composition root, the commands and the proofs talk to the terminal and own the process.
    files: ['app/main.ts', '**/*.command.ts', '**/*.proof.ts', 'app/testing/run-*.ts', '.github/mutation/run-*.ts', '.github/gates/run-*.ts', '.github/gates/prove-*.ts', '.github/terraform/prove-*.ts', '.github/observability/prove-*.ts'],
    rules: { 'no-console': 'off', 'no-restricted-syntax': ['error', ...exportSyntax] },
  },
  { files: ['eslint.config.js'], languageOptions: { sourceType: 'module' }, rules: { 'no-restricted-syntax': 'off' } },
);
