# What jobs_have_least_permissions refuses, form by form, and its nearest relatives that it lets pass.
package github.jobs_have_least_permissions_test

import data.github.jobs_have_least_permissions

refused := [
	`on: push
permissions: {}
jobs:
  a:
    runs-on: ubuntu-24.04
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    permissions: {}
`,
	`on: push
permissions: read-all
jobs:
  a:
    runs-on: ubuntu-24.04
    permissions: {}
`,
	`on: push
permissions: {}
jobs:
  a:
    runs-on: ubuntu-24.04
    permissions: write-all
`,
	`on: push
permissions:
  contents: read
jobs:
  a:
    runs-on: ubuntu-24.04
    permissions: {}
`,
]

allowed := [
	`on: push
permissions: {}
jobs:
  a:
    runs-on: ubuntu-24.04
    permissions: {}
`,
	`on: push
permissions: {}
jobs:
  a:
    runs-on: ubuntu-24.04
    permissions:
      contents: read
`,
	`runs:
  using: composite
  steps: []
`,
]

test_refuses_every_form if {
	every text in refused {
		count(jobs_have_least_permissions.deny) > 0 with input as {"text": text}
	}
}

test_allows_its_neighbours if {
	every text in allowed {
		count(jobs_have_least_permissions.deny) == 0 with input as {"text": text}
	}
}
