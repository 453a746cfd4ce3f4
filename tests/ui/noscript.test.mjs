// Script only shortens the way: without it every page shows the same rows, and every form and link still works.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
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
    test(`works without script: ${visit.title}`, async () => {
      const withScript = await visitors.open({ role: visit.role });
      const without = await visitors.open({ role: visit.role, javaScript: false });
      try {
        const rich = await withScript.newPage();
        await rich.goto(visit.path);
        const plain = await without.newPage();
        await plain.goto(visit.path);
        assert.deepEqual(await plain.evaluate(content), await rich.evaluate(content), `${visit.path} shows something else without script`);
        assert.deepEqual(await plain.evaluate(deadEnds), [], `${visit.path} has controls that need script`);
        assert.deepEqual(await plain.evaluate(forbidden), [], `${visit.path} breaks a rule of the house`);

        const forms = await plain.locator("form").count();
        for (let index = 0; index < forms; index += 1) {
          const method = ((await plain.locator("form").nth(index).getAttribute("method")) ?? "get").toLowerCase();
          if (method !== "get") continue;
          const submit = plain.locator("form").nth(index).locator("button:not([type=button]):not([type=reset]), input[type=submit]").first();
          if (!(await submit.isVisible())) continue;
          const answer = plain.waitForEvent("response", (response) => response.request().isNavigationRequest());
          await submit.click();
          const status = (await answer).status();
          assert.ok(status < 400, `form ${index + 1} of ${visit.path} answered ${status}`);
          await plain.goto(visit.path);
        }
      } finally {
        await withScript.close();
        await without.close();
      }
    });
  }
});

// The functions below run inside the page.

function content() {
  const texts = (selector) => [...document.querySelectorAll(selector)].map((element) => element.textContent.trim().replace(/\s+/g, " "));
  return {
    title: document.title,
    headings: texts("h1, h2, h3"),
    captions: texts("caption"),
    rows: texts("tbody tr"),
    items: texts("main li").length,
    forms: document.querySelectorAll("form").length,
  };
}

function deadEnds() {
  const found = [];
  for (const form of document.forms) {
    const where = form.outerHTML.slice(0, 120);
    if (!form.hasAttribute("action")) found.push(`form without action: ${where}`);
    const buttons = [...form.elements].filter((element) => element.type === "submit" || element.type === "image");
    if (buttons.length === 0) found.push(`form without a button to send it: ${where}`);
  }
  for (const button of document.querySelectorAll("button")) {
    if (!button.form && button.checkVisibility()) found.push(`button outside a form: ${button.outerHTML.slice(0, 120)}`);
    if (button.form && button.type === "button" && button.checkVisibility()) found.push(`button that sends nothing: ${button.outerHTML.slice(0, 120)}`);
  }
  for (const link of document.querySelectorAll("a")) {
    const target = link.getAttribute("href");
    if (target === null || target === "#" || target.startsWith("javascript:")) found.push(`link to nowhere: ${link.outerHTML.slice(0, 120)}`);
    if (target?.startsWith("#") && target.length > 1 && !document.getElementById(decodeURIComponent(target.slice(1)))) found.push(`link to a missing part: ${target}`);
  }
  return found;
}

function forbidden() {
  const found = [];
  const none = (selector, rule) => {
    for (const element of document.querySelectorAll(selector)) found.push(`${rule}: ${element.outerHTML.slice(0, 120)}`);
  };
  none("input[type=date], input[type=datetime-local], input[type=month], input[type=week]", "native date field");
  none("script:not([src])", "script in the page");
  none("[style]", "style attribute");
  none("style", "style sheet in the page");
  none("[tabindex]:not([tabindex='0']):not([tabindex='-1'])", "tab order changed");
  for (const element of document.querySelectorAll("*")) {
    for (const attribute of element.attributes) {
      if (attribute.name.startsWith("on")) found.push(`event attribute: ${element.outerHTML.slice(0, 120)}`);
    }
  }
  if (document.querySelectorAll("h1").length !== 1) found.push(`${document.querySelectorAll("h1").length} first-level headings instead of one`);
  if (!document.querySelector("main")) found.push("no main part");
  for (const table of document.querySelectorAll("table")) {
    if (!table.querySelector("caption")) found.push(`table without a caption: ${table.outerHTML.slice(0, 120)}`);
  }
  const text = document.body.textContent;
  if (text !== text.normalize("NFC")) found.push("text that is not NFC");
  return found;
}
