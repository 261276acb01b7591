# What images_are_pinned refuses, form by form, and its nearest relatives that it lets pass.
package github.images_are_pinned_test

import data.github.images_are_pinned

refused := [
	`on: push
jobs:
  a:
    runs-on: x
    container: node:26
`,
	`on: push
jobs:
  a:
    runs-on: x
    container: {image: "node:26"}
`,
	`on: push
jobs:
  a:
    runs-on: x
    services: {db: {image: "postgres:16"}}
`,
	`runs:
  using: docker
  image: docker://alpine:3
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          docker run --rm alpine:3
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          podman pull x
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          docker run \
            --rm x
`,
]

allowed := [
	`on: push
jobs:
  a:
    runs-on: x
    container: node@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
`,
	`on: push
jobs:
  a:
    runs-on: x
    services: {db: {image: "postgres:16@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}}
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          docker run alpine@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          docker build .
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          docker pull "x@$DIGEST"
`,
]

test_refuses_every_form if {
	every text in refused {
		count(images_are_pinned.deny) > 0 with input as {"text": text}
	}
}

test_allows_its_neighbours if {
	every text in allowed {
		count(images_are_pinned.deny) == 0 with input as {"text": text}
	}
}
