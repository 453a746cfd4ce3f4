// Every link inside the product leads somewhere, and every page that is linked is on the list that the other tests walk through.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openBrowser, ROLES, Visitors } from "./browser.mjs";
import { everyVisit, findPages, form } from "./pages.mjs";
import { startProduct } from "./product.mjs";

/** Pages that are linked but need no line of their own in pages.mjs, with the reason. */
const NOT_LISTED = [
  /^\/quan-tri\/.+\//, // one row of a list: same page as its list's other rows
  /^\/(chi-dao|van-ban|hoi-nghi)\/.+\/.+/, // forms of one record: walked through by the journey
];

const product = await startProduct();
const browser = await openBrowser();
const visitors = new Visitors(browser, product);
after(async () => {
  await browser.close();
  await product.stop();
});

const pages = await findPages(visitors);
const listed = new Set(pages.map(({ path }) => form(path)));

for (const role of ROLES) {
  test(`every link works and is listed, for ${role}`, async () => {
    const context = await visitors.open({ role });
    try {
      const page = await context.newPage();
      // One link of each form is enough: rows of a list differ only in their id.
      const links = new Map();
      for (const visit of everyVisit(pages).filter((visit) => visit.role === role)) {
        await page.goto(visit.path);
        const hrefs = await page.locator("a[href]").evaluateAll((anchors) => anchors.map((anchor) => anchor.href));
        for (const href of hrefs) {
          const address = new URL(href);
          if (address.origin !== product.base || address.pathname.includes("dang-xuat")) continue;
          const key = `${visit.language} ${form(address.pathname)} ${[...address.searchParams.keys()].sort().join()}`;
          if (!links.has(key)) links.set(key, { href, from: visit.path });
        }
      }
      const broken = [];
      const unlisted = new Set();
      for (const { href, from } of links.values()) {
        const answer = await context.request.get(href, { maxRedirects: 5 });
        if (answer.status() >= 400) broken.push(`${answer.status()} ${href} (linked on ${from})`);
        const isPage = (answer.headers()["content-type"] ?? "").startsWith("text/html");
        const shape = form(new URL(answer.url()).pathname);
        if (isPage && !listed.has(shape) && !NOT_LISTED.some((exception) => exception.test(shape))) unlisted.add(`${shape} (linked on ${from})`);
        await answer.dispose();
      }
      assert.deepEqual(broken, [], "broken links");
      assert.deepEqual([...unlisted], [], "pages missing in pages.mjs");
    } finally {
      await context.close();
    }
  });
}
