# What actions_are_pinned refuses, form by form, and its nearest relatives that it lets pass.
package github.actions_are_pinned_test

import data.github.actions_are_pinned

refused := [
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v7
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@0123456789abcdef0123456789abcdef01234567
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@0123456789abcdef0123456789abcdef01234567 # v7.0.1
      - uses: actions/checkout@0123456789abcdef0123456789abcdef01234567
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@0123456 # v7.0.1
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: docker://alpine:3
`,
	`on: push
jobs:
  a:
    uses: o/r/.github/workflows/x.yml@main
`,
	`runs:
  using: composite
  steps:
    - uses: actions/setup-go@v7
`,
]

allowed := [
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@0123456789abcdef0123456789abcdef01234567 # v7.0.1
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: ./.github/actions/x
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: docker://alpine@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
`,
]

test_refuses_every_form if {
	every text in refused {
		count(actions_are_pinned.deny) > 0 with input as {"text": text}
	}
}

test_allows_its_neighbours if {
	every text in allowed {
		count(actions_are_pinned.deny) == 0 with input as {"text": text}
	}
}
