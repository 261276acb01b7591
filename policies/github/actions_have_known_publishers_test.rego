# What actions_have_known_publishers refuses, form by form, and its nearest relatives that it lets pass.
package github.actions_have_known_publishers_test

import data.github.actions_have_known_publishers

refused := [
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: action/checkout@0123456789abcdef0123456789abcdef01234567 # v7.0.1
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
]

test_refuses_every_form if {
	every text in refused {
		count(actions_have_known_publishers.deny) > 0 with input as {"text": text}
	}
}

test_allows_its_neighbours if {
	every text in allowed {
		count(actions_have_known_publishers.deny) == 0 with input as {"text": text}
	}
}
