# What artifacts_are_chosen refuses, form by form, and its nearest relatives that it lets pass.
package github.artifacts_are_chosen_test

import data.github.artifacts_are_chosen

refused := [
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/upload-artifact@x
        with:
          path: .
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/upload-artifact@x
        with:
          path: ./
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/upload-artifact@x
        with:
          path: "**"
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/upload-artifact@x
        with:
          path: "**/*"
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/upload-artifact@x
        with:
          path: "*"
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/upload-artifact@x
        with:
          path: /
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/upload-artifact@x
        with:
          path: "~"
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/upload-artifact@x
        with:
          path: "~/.npmrc"
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/upload-artifact@x
        with:
          path: .git
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/upload-artifact@x
        with:
          path: .env
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/upload-artifact@x
        with:
          path: ../
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/upload-artifact@x
        with:
          path: "${{ github.workspace }}"
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/upload-artifact@x
        with:
          path: "${{ runner.temp }}/"
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/upload-artifact@x
        with:
          path: |
            report.html
            .
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/upload-artifact@x
        with:
          path: report
          include-hidden-files: true
`,
]

allowed := [
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/upload-artifact@x
        with:
          path: report.html
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/upload-artifact@x
        with:
          path: ${{ runner.temp }}/gates/gates.*
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/upload-artifact@x
        with:
          path: coverage/
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/upload-artifact@x
        with:
          path: dist/**
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/download-artifact@x
        with:
          path: .
`,
]

test_refuses_every_form if {
	every text in refused {
		count(artifacts_are_chosen.deny) > 0 with input as {"text": text}
	}
}

test_allows_its_neighbours if {
	every text in allowed {
		count(artifacts_are_chosen.deny) == 0 with input as {"text": text}
	}
}
