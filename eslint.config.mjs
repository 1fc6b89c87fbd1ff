import n from 'eslint-plugin-n'
import tseslint from 'typescript-eslint'

/** Which folders of the server a folder may not import: the arrows of ARCHITECTURE.md, as a table. */
const WALLS = {
  'server/src/storage': [
    'webhooks',
    'services',
    'audit',
    'feed',
    'gateway',
    'control',
    'cli',
    'serve',
    'local',
    'installation',
  ],
  'server/src/audit': [
    'webhooks',
    'services',
    'feed',
    'gateway',
    'control',
    'cli',
    'serve',
    'local',
    'installation',
  ],
  'server/src/http': [
    'webhooks',
    'storage',
    'services',
    'audit',
    'feed',
    'gateway',
    'control',
    'cli',
    'serve',
    'local',
    'installation',
  ],
  'server/src/feed': ['webhooks', 'services', 'gateway', 'control', 'cli', 'serve', 'local', 'installation'],
  'server/src/webhooks': ['services', 'feed', 'gateway', 'control', 'cli', 'serve', 'local', 'installation'],
  'server/src/services': ['gateway', 'control', 'cli', 'serve', 'local', 'installation'],
  'server/src/gateway': [
    'webhooks',
    'storage',
    'services',
    'audit',
    'control',
    'cli',
    'serve',
    'local',
    'installation',
  ],
  'server/src/control': ['gateway', 'cli', 'serve', 'local', 'installation'],
}

const walls = Object.entries(WALLS).map(([folder, forbidden]) => ({
  files: [`${folder}/**/*.ts`],
  rules: {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      {
        patterns: forbidden.map((name) => ({
          regex: `^(\\.\\./)+${name}(/|\\.js$)`,
          message: `${folder} may not import ${name}: see the arrows in ARCHITECTURE.md.`,
        })),
      },
    ],
  },
}))

const houseRules = [
  'error',
  {
    selector:
      "BinaryExpression[operator=/^[!=]==?$/]:not([right.type='Literal']):not([right.name='undefined']) > .left[name=/(secret|digest|signature|token)$/i]",
    message: 'Secrets are compared in constant time.',
  },
  {
    selector: "MemberExpression[object.name='Math'][property.name='random']",
    message: 'Take randomness from node:crypto.',
  },
]

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '.build/**',
      'node_modules/**',
      'data/**',
      'bench/competitors/**',
      'vitest.config.ts',
    ],
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { n },
    rules: {
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/unified-signatures': 'off',
      'n/no-process-env': 'error',
      eqeqeq: 'error',
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['core/src/**/*.ts', 'server/src/**/*.ts', 'client/src/**/*.ts', 'dashboard/src/**/*.{ts,tsx}'],
    rules: { 'no-restricted-syntax': houseRules },
  },
  ...walls,
  {
    files: ['server/src/cli/**/*.ts', 'test/**/*.ts', 'vitest.config.ts'],
    rules: { 'n/no-process-env': 'off' },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      'max-lines': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Tests look into answers of every shape, and say at each place what they expect there.
      ...Object.fromEntries(
        [
          'no-unsafe-assignment',
          'no-unsafe-member-access',
          'no-unsafe-call',
          'no-unsafe-argument',
          'no-unsafe-return',
          'unbound-method',
          'no-unused-expressions',
          'no-confusing-void-expression',
          'no-meaningless-void-operator',
          'no-unnecessary-condition',
          'consistent-type-imports',
          'restrict-template-expressions',
        ].map((rule) => [`@typescript-eslint/${rule}`, 'off']),
      ),
    },
  },
)
