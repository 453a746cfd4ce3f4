// WCAG 2.2 AA as far as axe can see, on a phone and a desk, light and dark.

import assert from "node:assert/strict";
import axe from "axe-core";

const RULES = {
  runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] },
  rules: { "target-size": { enabled: true } },
  resultTypes: ["violations"],
};

/** Fails with what axe finds on the page as it stands. The page is left at desk width. */
export async function accessible(page) {
  await page.evaluate(axe.source);
  const found = [];
  for (const width of [360, 1366]) {
    await page.setViewportSize({ width, height: 800 });
    for (const colorScheme of ["dark", "light"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      const { violations } = await page.evaluate((rules) => globalThis.axe.run(document, rules), RULES);
      for (const { id, help, nodes } of violations) {
        for (const node of nodes.slice(0, 3)) {
          found.push(`${width} px, ${colorScheme}: ${id} (${help})\n    ${node.html}\n    ${node.failureSummary.replaceAll("\n", " ")}`);
        }
      }
    }
  }
  assert.equal(found.length, 0, `${page.url()}\n${found.join("\n")}`);
}
