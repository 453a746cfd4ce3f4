// The keyboard reaches everything, in the order of the page, and one always sees where it stands.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openBrowser, Visitors } from "./browser.mjs";
import { everyVisit, findPages } from "./pages.mjs";
import { startProduct } from "./product.mjs";

const product = await startProduct();
const browser = await openBrowser();
const visitors = new Visitors(browser, product);
after(async () => {
  await browser.close();
  await product.stop();
});

const MOST_STOPS = 400;
const visits = everyVisit(await findPages(visitors));
const names = [...new Set(visits.map(({ name }) => name))];

for (const name of names) {
  const visit = visits.find((candidate) => candidate.name === name);
  test(`the keyboard reaches every control and shows the focus: ${name}`, async () => {
    const context = await visitors.open({ role: visit.role });
    try {
      const page = await context.newPage();
      await page.goto(visit.path);
      const expected = await page.evaluate(markControls);
      const reached = [];
      const invisible = [];
      let idle = 0;
      for (let press = 0; press < MOST_STOPS && idle < 3; press += 1) {
        await page.keyboard.press("Tab");
        const stop = await page.evaluate(focusedControl);
        idle = stop ? 0 : idle + 1;
        if (!stop) continue;
        if (reached.includes(stop.number)) break;
        reached.push(stop.number);
        if (!stop.visible) invisible.push(stop.html);
      }
      assert.deepEqual(invisible, [], `${visit.path}: focus cannot be seen`);
      assert.deepEqual(reached, [...reached].sort((left, right) => left - right), `${visit.path}: the focus jumps`);
      assert.ok(reached.length === Math.min(expected, MOST_STOPS), `${visit.path}: ${reached.length} of ${expected} controls reached`);
    } finally {
      await context.close();
    }
  });
}

// The functions below run inside the page.

function markControls() {
  let number = 0;
  const radioGroups = new Set();
  for (const control of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")) {
    if (control.disabled || !control.checkVisibility({ visibilityProperty: true })) continue;
    // A group of radio buttons is one stop.
    if (control.type === "radio") {
      const group = `${control.form?.id ?? ""} ${control.form?.action ?? ""} ${control.name}`;
      if (radioGroups.has(group)) continue;
      radioGroups.add(group);
    }
    number += 1;
    control.dataset.stop = String(number);
  }
  return number;
}

function focusedControl() {
  const control = document.activeElement;
  if (!control || control === document.body) return null;
  let marked = control;
  if (control.type === "radio" && !control.dataset.stop) marked = document.querySelector(`input[type=radio][name="${CSS.escape(control.name)}"][data-stop]`) ?? control;
  if (!marked.dataset.stop) return null;
  const style = getComputedStyle(control);
  const box = control.getBoundingClientRect();
  const outline = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
  const visible = (outline || style.boxShadow !== "none") && box.width > 2 && box.height > 2;
  return { number: Number(marked.dataset.stop), visible, html: control.outerHTML.slice(0, 120) };
}
