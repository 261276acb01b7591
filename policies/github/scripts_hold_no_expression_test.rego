# What scripts_hold_no_expression refuses, form by form, and its nearest relatives that it lets pass.
package github.scripts_hold_no_expression_test

import data.github.scripts_hold_no_expression

refused := [
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          echo ${{ github.head_ref }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          x="${{ steps.a.outputs.b }}"
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/github-script@x
        with:
          script: core.info("${{ github.event.issue.title }}")
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: x
        shell: ${{ inputs.shell }}
`,
	`runs:
  using: composite
  steps:
    - run: echo ${{ inputs.name }}
      shell: bash
`,
]

allowed := [
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          echo "$TITLE"
        env:
          TITLE: ${{ github.head_ref }}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/github-script@x
        with:
          script: core.info("hello")
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: x
        shell: bash
`,
]

test_refuses_every_form if {
	every text in refused {
		count(scripts_hold_no_expression.deny) > 0 with input as {"text": text}
	}
}

test_allows_its_neighbours if {
	every text in allowed {
		count(scripts_hold_no_expression.deny) == 0 with input as {"text": text}
	}
}
