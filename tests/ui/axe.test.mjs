// WCAG 2.2 AA as far as axe can see: no violation on any page, in both languages, for every role, on a phone and a desk, light and dark.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { accessible } from "./accessible.mjs";
import { openBrowser, Visitors } from "./browser.mjs";
import { AT_ONCE, everyVisit, findPages } from "./pages.mjs";
import { startProduct } from "./product.mjs";

const product = await startProduct();
const browser = await openBrowser();
const visitors = new Visitors(browser, product);
after(async () => {
  await browser.close();
  await product.stop();
});

const visits = everyVisit(await findPages(visitors));

describe("every page", { concurrency: AT_ONCE }, () => {
  for (const visit of visits) {
    test(`axe finds nothing on: ${visit.title}`, async () => {
      const context = await visitors.open({ role: visit.role });
      try {
        const page = await context.newPage();
        const response = await page.goto(visit.path);
        assert.equal(response.status(), 200, visit.path);
        assert.equal(await page.locator("html").getAttribute("lang"), visit.language, "the page says which language it is in");
        await accessible(page);
      } finally {
        await context.close();
      }
    });
  }
});

test("no session saw a script error, a refusal of the content policy or a request to another host", () => {
  assert.deepEqual(visitors.complaints, []);
});
