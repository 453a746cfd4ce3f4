// What axe does not measure: 320 px without sideways scrolling (WCAG 1.4.10), targets of 24 × 24 px (2.5.8), text at 200 % (1.4.4), wider text
// spacing (1.4.12), and lines high enough for Vietnamese capitals with two marks.

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
    test(`reflow, targets and glyphs on: ${visit.title}`, async () => {
      const context = await visitors.open({ role: visit.role, width: 320, height: 640 });
      try {
        const page = await context.newPage();
        await page.goto(visit.path);

        assert.deepEqual(await page.evaluate(wideElements), [], `${visit.path} scrolls sideways at 320 px`);
        assert.deepEqual(await page.evaluate(smallTargets), [], `${visit.path} has targets below 24 × 24 px at 320 px`);
        assert.deepEqual(await page.evaluate(lowLines), [], `${visit.path} has lines too low for Ẫ, Ẳ, Ộ`);
        assert.deepEqual(await page.evaluate(clippedText), [], `${visit.path} cuts text at 320 px`);

        await page.setViewportSize({ width: 1366, height: 800 });
        assert.deepEqual(await page.evaluate(smallTargets), [], `${visit.path} has targets below 24 × 24 px at 1366 px`);

        await page.evaluate(() => document.documentElement.style.setProperty("font-size", "200%"));
        assert.deepEqual(await page.evaluate(wideElements), [], `${visit.path} scrolls sideways with text at 200 %`);
        assert.deepEqual(await page.evaluate(clippedText), [], `${visit.path} cuts text at 200 %`);
        await page.evaluate(() => document.documentElement.style.removeProperty("font-size"));

        await page.evaluate(() => {
          const spacing = new CSSStyleSheet();
          spacing.replaceSync(
            "* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important } p { margin-bottom: 2em !important }",
          );
          document.adoptedStyleSheets = [spacing];
        });
        assert.deepEqual(await page.evaluate(clippedText), [], `${visit.path} cuts text with WCAG text spacing`);

        await page.evaluate(() => {
          document.adoptedStyleSheets = [];
          for (const cell of document.querySelectorAll("td, th, button, summary, [class*=badge], h1, h2, h3")) {
            if (cell.children.length === 0 && cell.textContent.trim()) cell.textContent = "Ẵ Ặ Ộ Ữ";
          }
        });
        assert.deepEqual(await page.evaluate(clippedText), [], `${visit.path} cuts Ẵ Ặ Ộ Ữ`);
      } finally {
        await context.close();
      }
    });
  }
});

// The functions below run inside the page.

function wideElements() {
  const root = document.documentElement;
  if (root.scrollWidth <= root.clientWidth) return [];
  const found = [`the page is ${root.scrollWidth} px wide in a window of ${root.clientWidth} px`];
  for (const element of document.body.querySelectorAll("*")) {
    const box = element.getBoundingClientRect();
    if (box.width > 0 && box.right > root.clientWidth + 1 && found.length < 6) found.push(`${element.outerHTML.slice(0, 120)} ends at ${Math.round(box.right)} px`);
  }
  return found;
}

function smallTargets() {
  const found = [];
  const targets = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
  for (const target of document.querySelectorAll(targets)) {
    if (!target.checkVisibility({ visibilityProperty: true }) || target.disabled) continue;
    let box = target.getBoundingClientRect();
    // A skip link waits outside the window, or shrunk to a dot, until it has the focus.
    if (box.width <= 2 || box.height <= 2 || box.right <= 0 || box.bottom + window.scrollY <= 0) continue;
    // Pressing the label of a box is pressing the box.
    for (const label of target.labels ?? []) {
      const other = label.getBoundingClientRect();
      if (["checkbox", "radio", "file"].includes(target.type)) {
        const left = Math.min(box.left, other.left);
        const top = Math.min(box.top, other.top);
        box = { left, top, width: Math.max(box.right, other.right) - left, height: Math.max(box.bottom, other.bottom) - top };
      }
    }
    if (box.width >= 23.5 && box.height >= 23.5) continue;
    // WCAG 2.5.8, exception "inline": a link within a sentence is as high as its line.
    if (getComputedStyle(target).display.startsWith("inline")) {
      let block = target.parentElement;
      while (block && getComputedStyle(block).display.startsWith("inline")) block = block.parentElement;
      const rest = block?.cloneNode(true);
      rest?.querySelectorAll("a, button, input, select, textarea, summary, script, style").forEach((element) => element.remove());
      if (/\p{L}{2,}/u.test(rest?.textContent ?? "")) continue;
    }
    found.push(`${Math.round(box.width)} × ${Math.round(box.height)} px: ${target.outerHTML.slice(0, 140)}`);
  }
  return found;
}

function lowLines() {
  const found = new Set();
  const pen = document.createElement("canvas").getContext("2d");
  const known = new Map();
  for (const element of document.body.querySelectorAll("*")) {
    const ownText = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!ownText || !element.checkVisibility() || ["OPTION", "SCRIPT", "STYLE"].includes(element.tagName) || element.closest("svg")) continue;
    const style = getComputedStyle(element);
    const lineHeight = parseFloat(style.lineHeight);
    if (Number.isNaN(lineHeight)) continue;
    const font = `${style.fontStyle} ${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    if (!known.has(font)) {
      pen.font = font;
      const ink = pen.measureText("ẪẲỘgy");
      known.set(font, ink.actualBoundingBoxAscent + ink.actualBoundingBoxDescent);
    }
    if (lineHeight + 0.5 < known.get(font)) {
      found.add(`<${element.tagName.toLowerCase()} class="${element.className}"> line ${lineHeight} px, ink ${known.get(font).toFixed(1)} px`);
    }
  }
  return [...found];
}

function clippedText() {
  const found = [];
  for (const element of document.body.querySelectorAll("*")) {
    if (!element.textContent.trim() || !element.checkVisibility() || element.closest("svg")) continue;
    const style = getComputedStyle(element);
    if (element.clientHeight <= 2 || element.clientWidth <= 2) continue;
    const cutsDown = ["hidden", "clip"].includes(style.overflowY) && element.scrollHeight > element.clientHeight + 1;
    const cutsAcross = ["hidden", "clip"].includes(style.overflowX) && element.scrollWidth > element.clientWidth + 1;
    if (cutsDown || cutsAcross) {
      found.push(`${element.outerHTML.slice(0, 120)}: ${element.scrollWidth} × ${element.scrollHeight} in ${element.clientWidth} × ${element.clientHeight}`);
    }
  }
  return found;
}
