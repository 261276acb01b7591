# What releases_use_no_cache refuses, form by form, and its nearest relatives that it lets pass.
package github.releases_use_no_cache_test

import data.github.releases_use_no_cache

refused := [
	`on: {push: {tags: [v*]}}
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/cache@x
`,
	`on: {push: {tags: [v*]}}
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/cache/restore@x
`,
	`on: {push: {tags: [v*]}}
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: Swatinem/rust-cache@x
`,
	`on: {push: {tags: [v*]}}
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/setup-node@x
        with:
          cache: npm
`,
	`on: {push: {tags: [v*]}}
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/setup-go@x
`,
	`on: {push: {tags: [v*]}}
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: docker/setup-buildx-action@x
`,
	`on: {push: {tags: [v*]}}
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: docker/build-push-action@x
        with:
          push: true
`,
	`on: {push: {tags: [v*]}}
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: docker/build-push-action@x
        with:
          no-cache: true
          cache-from: type=gha
`,
	`on: {push: {tags: [v*]}}
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: docker build --cache-from x .
`,
	`on: release
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/cache@x
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    permissions: {packages: write}
    steps:
      - uses: actions/cache@x
`,
]

allowed := [
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/cache@x
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/setup-go@x
`,
	`on: {push: {tags: [v*]}}
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/setup-go@x
        with:
          cache: false
`,
	`on: {push: {tags: [v*]}}
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: docker/setup-buildx-action@x
        with:
          cache-binary: false
`,
	`on: {push: {tags: [v*]}}
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: docker/build-push-action@x
        with:
          no-cache: true
`,
	`on: {push: {tags: [v*]}}
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/setup-node@x
        with:
          node-version: 26
`,
]

test_refuses_every_form if {
	every text in refused {
		count(releases_use_no_cache.deny) > 0 with input as {"text": text}
	}
}

test_allows_its_neighbours if {
	every text in allowed {
		count(releases_use_no_cache.deny) == 0 with input as {"text": text}
	}
}
