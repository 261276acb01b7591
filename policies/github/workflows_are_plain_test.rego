# What workflows_are_plain refuses, form by form, and its nearest relatives that it lets pass.
package github.workflows_are_plain_test

import data.github.workflows_are_plain

refused := [
	`on: push
`,
	`jobs: {}
`,
	`- a
`,
	"on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: |\n          echo \"\u202e\"\n",
	"on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: |\n          a\u200bb\n",
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          x
---
on: push
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          base64 -d <<<x
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          x
# Ab1Ab1Ab1Ab1Ab1Ab1Ab1Ab1Ab1Ab1Ab1Ab1Ab1Ab1Ab1Ab1Ab1Ab1Ab1Ab1Ab1Ab1Ab1Ab1Ab1Ab1Ab1Ab1Ab1Ab1
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          Buffer.from(x, 'base64')
`,
]

allowed := [
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          echo größer
`,
	`---
on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          x
`,
	`# one
---
on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          x
`,
	`runs:
  using: composite
  steps: []
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: a/b@0123456789abcdef0123456789abcdef01234567
# sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
`,
]

test_refuses_every_form if {
	every text in refused {
		count(workflows_are_plain.deny) > 0 with input as {"text": text}
	}
}

test_allows_its_neighbours if {
	every text in allowed {
		count(workflows_are_plain.deny) == 0 with input as {"text": text}
	}
}
