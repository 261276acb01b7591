# What secrets_stay_with_one_step refuses, form by form, and its nearest relatives that it lets pass.
package github.secrets_stay_with_one_step_test

import data.github.secrets_stay_with_one_step

refused := [
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          x
        env:
          A: ${{ toJSON(secrets) }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          x
        env:
          A: ${{ tojson( secrets ) }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          x
        env:
          A: ${{ toJSON(github) }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          x
        env:
          A: ${{ secrets[github.event.inputs.name] }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          x
        env:
          A: ${{ secrets.* }}
`,
	`on: push
env: {A: "${{ secrets.A }}"}
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
    env: {A: "${{ github.token }}"}
    steps:
      - run: x
`,
	`on: push
jobs:
  a:
    uses: ./x
    secrets: inherit
`,
]

allowed := [
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          x
        env:
          A: ${{ secrets.A }}
`,
	`on: push
env: {A: "1"}
jobs:
  a:
    runs-on: ubuntu-24.04
    env: {B: 2}
    steps:
      - run: x
`,
	`on: push
jobs:
  a:
    uses: ./x
    secrets: {A: "${{ secrets.A }}"}
`,
]

test_refuses_every_form if {
	every text in refused {
		count(secrets_stay_with_one_step.deny) > 0 with input as {"text": text}
	}
}

test_allows_its_neighbours if {
	every text in allowed {
		count(secrets_stay_with_one_step.deny) == 0 with input as {"text": text}
	}
}
