# What required_checks_always_report refuses, form by form, and its nearest relatives that it lets pass.
package github.required_checks_always_report_test

import data.github.required_checks_always_report

ruleset := {"rules": [{"type": "deletion"}, {"type": "required_status_checks", "parameters": {"required_status_checks": [{"context": "gates"}]}}]}

refused := [
	`on:
  pull_request:
jobs:
  one:
    runs-on: ubuntu-24.04
  extra:
    permissions: {security-events: write}
  gates:
    name: gates
    needs: [one]
    steps:
      - env:
          R: ${{ toJSON(needs.*.result) }}
        run: jq -e 'all(. == "success")' <<<"$R"
`,
	`on:
  pull_request:
jobs:
  one:
    runs-on: ubuntu-24.04
  extra:
    permissions: {security-events: write}
  gates:
    name: gates
    if: success()
    needs: [one]
    steps:
      - env:
          R: ${{ toJSON(needs.*.result) }}
        run: jq -e 'all(. == "success")' <<<"$R"
`,
	`on:
  pull_request:
jobs:
  one:
    runs-on: ubuntu-24.04
  extra:
    permissions: {security-events: write}
  gates:
    name: gates
    if: always() && github.actor != 'x'
    needs: [one]
    steps:
      - env:
          R: ${{ toJSON(needs.*.result) }}
        run: jq -e 'all(. == "success")' <<<"$R"
`,
	`on:
  pull_request:
jobs:
  one:
    runs-on: ubuntu-24.04
  extra:
    permissions: {security-events: write}
  gates:
    name: gates
    if: always()
    needs: [extra]
    steps:
      - env:
          R: ${{ toJSON(needs.*.result) }}
        run: jq -e 'all(. == "success")' <<<"$R"
`,
	`on:
  pull_request:
jobs:
  one:
    runs-on: ubuntu-24.04
  extra:
    permissions: {security-events: write}
  gates:
    name: gates
    if: always()
    needs: [one]
    steps:
      - env:
          R: ${{ toJSON(needs.*.result) }}
        run: echo
`,
	`on:
  pull_request:
jobs:
  one:
    runs-on: ubuntu-24.04
  extra:
    permissions: {security-events: write}
  gates:
    name: gates
    if: always()
    needs: [one]
    steps:
      - env:
          R: ${{ toJSON(needs.*.result) }}
        run: jq -e 'all(. == "success" or . == "skipped")' <<<"$R"
`,
	`on:
  pull_request:
    paths: [app/**]
jobs:
  one:
    runs-on: ubuntu-24.04
  extra:
    permissions: {security-events: write}
  gates:
    name: gates
    if: always()
    needs: [one]
    steps:
      - env:
          R: ${{ toJSON(needs.*.result) }}
        run: jq -e 'all(. == "success")' <<<"$R"
`,
	`on:
  pull_request:
    types: [labeled]
jobs:
  one:
    runs-on: ubuntu-24.04
  extra:
    permissions: {security-events: write}
  gates:
    name: gates
    if: always()
    needs: [one]
    steps:
      - env:
          R: ${{ toJSON(needs.*.result) }}
        run: jq -e 'all(. == "success")' <<<"$R"
`,
	`on: pull_request
jobs:
  gates:
    if: github.actor
    steps: []
`,
]

allowed := [
	`on:
  pull_request:
jobs:
  one:
    runs-on: ubuntu-24.04
  extra:
    permissions: {security-events: write}
  gates:
    name: gates
    if: always()
    needs: [one]
    steps:
      - env:
          R: ${{ toJSON(needs.*.result) }}
        run: jq -e 'all(. == "success")' <<<"$R"
`,
	`on:
  pull_request:
jobs:
  one:
    runs-on: ubuntu-24.04
  extra:
    permissions: {security-events: write}
  gates:
    name: gates
    if: always()
    needs: one
    steps:
      - env:
          R: ${{ toJSON(needs.*.result) }}
        run: jq -e 'all(. == "success")' <<<"$R"
`,
	`on:
  pull_request:
jobs:
  one:
    runs-on: ubuntu-24.04
  extra:
    permissions: {security-events: write}
  gates:
    name: gates
    if: ${{ always() }}
    needs: [one]
    steps:
      - env:
          R: ${{ toJSON(needs.*.result) }}
        run: jq -e 'all(. == "success")' <<<"$R"
`,
	`on: pull_request
jobs:
  gates:
    steps: []
`,
	`on:
  pull_request:
jobs:
  one:
    runs-on: ubuntu-24.04
  extra:
    permissions: {security-events: write}
  other:
    name: other
    needs: [one]
    steps:
      - env:
          R: ${{ toJSON(needs.*.result) }}
        run: jq -e 'all(. == "success")' <<<"$R"
`,
	`on:
  push:
jobs:
  one:
    runs-on: ubuntu-24.04
  extra:
    permissions: {security-events: write}
  gates:
    name: gates
    needs: [one]
    steps:
      - env:
          R: ${{ toJSON(needs.*.result) }}
        run: jq -e 'all(. == "success")' <<<"$R"
`,
]

test_refuses_every_form if {
	every text in refused {
		count(required_checks_always_report.deny) > 0 with input as {"text": text, "ruleset": ruleset}
	}
}

test_allows_its_neighbours if {
	every text in allowed {
		count(required_checks_always_report.deny) == 0 with input as {"text": text, "ruleset": ruleset}
	}
}
