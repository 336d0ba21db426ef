// Reads every diagram of the documentation as Mermaid does in the browser: one that it cannot read
// would stand there as text.
//
//     node scripts/lint_diagrams.mjs MERMAID PAGE...
import { readFileSync } from "node:fs";
import vm from "node:vm";

const [mermaid, ...pages] = process.argv.slice(2);
const browser = vm.createContext({ console, performance, setTimeout, structuredClone, URL });
// As much of a browser as reading takes: what cleans labels wants to find a document, and leaves
// alone those that hold no tag.
vm.runInContext(
  `var window = globalThis, self = globalThis, addEventListener = () => {};
  class Element {}
  Object.assign(globalThis, { Element, Node: Element, HTMLTemplateElement: Element });
  var NodeFilter = {}, DOMParser = Element, NamedNodeMap = Element, HTMLFormElement = Element;
  var document = { nodeType: 9, implementation: { createHTMLDocument: () => document } };
  document.createElement = () => ({ content: {} });`,
  browser,
);
vm.runInContext(readFileSync(mermaid, "utf8"), browser);
let read = 0;
let broken = 0;
for (const page of pages) {
  for (const [, diagram] of readFileSync(page, "utf8").matchAll(/^```mermaid\n(.*?)^```$/gms)) {
    try {
      await browser.mermaid.parse(diagram);
      read += 1;
    } catch (error) {
      console.error(`${page}: ${error.message}`);
      broken += 1;
    }
  }
}
process.exit(broken || !read ? 1 : 0);
