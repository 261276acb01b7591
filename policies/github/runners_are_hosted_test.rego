# What runners_are_hosted refuses, form by form, and its nearest relatives that it lets pass.
package github.runners_are_hosted_test

import data.github.runners_are_hosted

refused := [
	`on: push
jobs:
  a:
    runs-on: self-hosted
`,
	`on: push
jobs:
  a:
    runs-on: [self-hosted, linux]
`,
	`on: push
jobs:
  a:
    runs-on: {group: big}
`,
	`on: push
jobs:
  a:
    runs-on: ${{ inputs.runner }}
`,
	`on: push
jobs:
  a:
    runs-on: ${{ matrix.os }}
    strategy:
      matrix:
        os: [ubuntu-24.04, rack]
`,
	`on: push
jobs:
  a:
    runs-on: ${{ matrix.os }}
`,
	`on: push
jobs:
  a:
    runs-on: ${{ matrix.os }}
    strategy:
      matrix:
        include:
          - os: rack
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04-rack
`,
]

allowed := [
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
`,
	`on: push
jobs:
  a:
    runs-on: [ubuntu-latest]
`,
	`on: push
jobs:
  a:
    runs-on: ${{ matrix.os }}
    strategy:
      matrix:
        os: [windows-2025, macos-15]
`,
	`runs:
  using: composite
  steps: []
`,
]

test_refuses_every_form if {
	every text in refused {
		count(runners_are_hosted.deny) > 0 with input as {"text": text}
	}
}

test_allows_its_neighbours if {
	every text in allowed {
		count(runners_are_hosted.deny) == 0 with input as {"text": text}
	}
}
