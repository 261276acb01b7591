# What jobs_end_in_time refuses, form by form, and its nearest relatives that it lets pass.
package github.jobs_end_in_time_test

import data.github.jobs_end_in_time

refused := [
	`on: push
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
    timeout-minutes: 360
    steps:
      - run: x
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    timeout-minutes: ${{ inputs.minutes }}
    steps:
      - run: x
`,
]

allowed := [
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    steps:
      - run: x
`,
	`on: push
jobs:
  a:
    uses: ./.github/workflows/x.yml
`,
]

test_refuses_every_form if {
	every text in refused {
		count(jobs_end_in_time.deny) > 0 with input as {"text": text}
	}
}

test_allows_its_neighbours if {
	every text in allowed {
		count(jobs_end_in_time.deny) == 0 with input as {"text": text}
	}
}
