# What downloads_are_verified refuses, form by form, and its nearest relatives that it lets pass.
package github.downloads_are_verified_test

import data.github.downloads_are_verified

refused := [
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          curl -sSf https://x | sh
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          wget -qO- https://x |
           sudo bash
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          curl x \
           | bash -s -- -y
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          bash <(curl -s x)
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          sh -c "$(curl -fsSL x)"
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          bash -c "$(wget x)"
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          npm install
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          npm i x
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          npm --prefix docs install
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          npm exec x
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          npx x@latest
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          npx --yes x
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          yarn add x
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          pnpm dlx x
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          bun add x
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          uvx x
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          go install x@latest
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          gem install x
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          pip install x
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          pip install -r r.txt
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          curl -o x https://x
          chmod +x x
          ./x
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          wget x.tgz
          tar xzf x.tgz
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          gh release download v1
          unzip x.zip
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          echo "$X" | sh
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          cat x | python3 -
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          curl -o x.sh https://x
          bash x.sh
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          iwr x | iex
`,
]

allowed := [
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          npm ci
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          npm test
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          npm run install:check
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          pip install --require-hashes -r r.txt
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          npx tsc --noEmit
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          go build ./...
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          curl --fail http://127.0.0.1/readyz
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          curl -o x https://x
          echo "abc  x" | sha256sum --check
          chmod +x x
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          npm ci && npm run update-docs
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          cat list.txt | sort
`,
	`on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          npm run types
`,
]

test_refuses_every_form if {
	every text in refused {
		count(downloads_are_verified.deny) > 0 with input as {"text": text}
	}
}

test_allows_its_neighbours if {
	every text in allowed {
		count(downloads_are_verified.deny) == 0 with input as {"text": text}
	}
}
