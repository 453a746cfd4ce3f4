// What a first visit costs: at most 5 requests and 60 KB as sent, 1,500 nodes, nothing from another host.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { openBrowser, Visitors } from "./browser.mjs";
import { AT_ONCE, everyVisit, findPages } from "./pages.mjs";
import { startProduct } from "./product.mjs";

const MOST_REQUESTS = 5;
const MOST_BYTES = 60 * 1024;
const MOST_NODES = 1_500;

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
    test(`a first visit is light: ${visit.title}`, async (t) => {
      const context = await visitors.open({ role: visit.role });
      try {
        const page = await context.newPage();
        const requests = [];
        page.on("requestfinished", (request) => requests.push(request));
        await page.goto(visit.path, { waitUntil: "networkidle" });
        let bytes = 0;
        for (const request of requests) {
          const { responseHeadersSize, responseBodySize } = await request.sizes();
          bytes += responseHeadersSize + responseBodySize;
        }
        const nodes = await page.evaluate(() => document.querySelectorAll("*").length);
        t.diagnostic(`${requests.length} requests, ${bytes} bytes, ${nodes} nodes`);
        assert.ok(requests.length <= MOST_REQUESTS, `${requests.length} requests: ${requests.map((request) => request.url()).join(" ")}`);
        assert.ok(bytes <= MOST_BYTES, `${bytes} bytes`);
        assert.ok(nodes <= MOST_NODES, `${nodes} nodes`);
      } finally {
        await context.close();
      }
    });
  }
});

test("no page asked another host for anything", () => {
  assert.deepEqual(visitors.complaints, []);
});
