# What checks_can_fail refuses, form by form, and its nearest relatives that it lets pass.
package github.checks_can_fail_test

import data.github.checks_can_fail

refused := [
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: github/codeql-action/upload-sarif@x
        continue-on-error: true
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: x
        continue-on-error: true
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: x
        continue-on-error: ${{ true }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    continue-on-error: true
    steps:
      - run: x
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: x
        shell: bash {0}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: x
        shell: sh
`,
	`on: push
defaults: {run: {shell: "bash -x {0}"}}
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: x
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    defaults: {run: {shell: "sh {0}"}}
    steps:
      - run: x
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          x || true
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          x || :
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          x || exit 0
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          x || echo failed
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          x || { echo a; }
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          set +e
          x
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          set +o errexit
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          x; true
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          x
          exit 0
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          trap "exit 0" ERR
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          checkov --soft-fail
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          x --exit-zero
`,
]

allowed := [
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: x
        shell: bash
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: x
        shell: bash --noprofile --norc -eo pipefail {0}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          x || exit 1
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          set -euo pipefail
          x
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          x || { echo no; exit 1; }
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          for i in 1 2; do
            if y; then exit 0; fi
          done
          exit 1
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: x
        continue-on-error: false
`,
]

test_refuses_every_form if {
	every text in refused {
		count(checks_can_fail.deny) > 0 with input as {"text": text}
	}
}

test_allows_its_neighbours if {
	every text in allowed {
		count(checks_can_fail.deny) == 0 with input as {"text": text}
	}
}
