// Finding and overlap as an officer meets them: unmarked typing finds, the panel comes while a proposal is typed, without script it is a button, the sheet is Word.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, test } from "node:test";
import { accessible } from "./accessible.mjs";
import { openBrowser, Visitors } from "./browser.mjs";
import { startProduct } from "./product.mjs";

const product = await startProduct();
const browser = await openBrowser();
const visitors = new Visitors(browser, product);
after(async () => {
  await browser.close();
  await product.stop();
});

const FORM = "/bieu-mau/proposal/moi";
const LIST = "/nhiem-vu";

/** The title of a task in the register, so that the test goes with the demonstration's data. */
async function someTask(page) {
  await page.goto(LIST);
  const link = page.locator("main table tbody th a, main table tbody td a").first();
  return (await link.textContent()).trim();
}

test("typed without marks, a record is found, and the page says why", async () => {
  const context = await visitors.open({ role: "officer" });
  try {
    const page = await context.newPage();
    const title = await someTask(page);
    const words = title.split(/\s+/).slice(0, 8).join(" ").normalize("NFD").replace(/[\u0300-\u036f]/g, "").replaceAll("đ", "d").replaceAll("Đ", "D");
    await page.goto(`/tim?q=${encodeURIComponent(words.toLowerCase())}`);
    await page.locator(".hits h2", { hasText: title.slice(0, 30) }).first().waitFor();
    await page.locator(".why summary").first().click();
    assert.match(await page.locator(".why li").first().textContent(), /→/);
    await accessible(page);
  } finally {
    await context.close();
  }
});

test("the panel comes while a proposal is typed, and nothing is saved", async () => {
  const context = await visitors.open({ role: "officer" });
  try {
    const page = await context.newPage();
    const title = await someTask(page);
    await page.goto(FORM);
    await page.locator("[name=title]").fill(title);
    await page.locator("#overlap .overlaps li").first().waitFor({ timeout: 5_000 });
    assert.ok((await page.locator("#overlap").textContent()).includes(title.slice(0, 30)));
    await accessible(page);
    const other = await context.newPage();
    await other.goto(await page.locator("#overlap .overlaps a").first().getAttribute("href"));
    await other.goto(`/r/${other.url().match(/[0-9a-f-]{36}/)[0]}/trung-lap`);
    await accessible(other);
  } finally {
    await context.close();
  }
});

test("without script a button shows the same, and the sheet comes as a Word file", async () => {
  const context = await visitors.open({ role: "officer", javaScript: false });
  try {
    const page = await context.newPage();
    const title = await someTask(page);
    await page.goto(FORM);
    await page.locator("[name=title]").fill(title);
    await page.locator("button[name=_overlap]").click();
    assert.ok((await page.locator("#overlap .overlaps").textContent()).includes(title.slice(0, 30)));
    assert.equal(await page.locator("[name=title]").inputValue(), title, "what was typed is still there");
    await page.locator("#overlap .overlaps a").first().click();
    await page.goto(`/r/${page.url().match(/[0-9a-f-]{36}/)[0]}/trung-lap`);
    await page.locator("main form.card button").click();
    await page.waitForURL(/\/r\/[0-9a-f-]{36}\/sua/);
    const sheet = page.url().match(/[0-9a-f-]{36}/)[0];
    await page.goto(`/r/${sheet}/giay-to`);
    const [download] = await Promise.all([page.waitForEvent("download"), page.locator("a[href*='C0-KQTrC']").first().click()]);
    assert.equal((await readFile(await download.path())).subarray(0, 2).toString(), "PK");
  } finally {
    await context.close();
  }
});

test("no session saw a script error or a refusal of the content policy", () => {
  assert.deepEqual(visitors.complaints, []);
});
