// Pictures of every page for people to look at: `npm run shots`, into tests/ui/shots. With `--book` it also renews the pictures of the book.

import { copyFile, mkdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { openBrowser, Visitors } from "./browser.mjs";
import { everyVisit, findPages } from "./pages.mjs";
import { startProduct } from "./product.mjs";

const HERE = path.dirname(fileURLToPath(import.meta.url));
const SHOTS = path.join(HERE, "shots");
const BOOK = path.join(HERE, "../../book/src/images");

/** Pictures that the book and the README show: file name → page, language, role. */
const IN_THE_BOOK = {
  "board.png": { name: "board", language: "vi", role: "public" },
  "board-en.png": { name: "board", language: "en", role: "public" },
};

const SIZES = [
  { label: "desk-light", width: 1366, height: 800, scheme: "light" },
  { label: "desk-dark", width: 1366, height: 800, scheme: "dark" },
  { label: "phone-light", width: 360, height: 740, scheme: "light" },
];

const product = await startProduct();
const browser = await openBrowser();
try {
  const visitors = new Visitors(browser, product);
  const visits = everyVisit(await findPages(visitors));
  await mkdir(SHOTS, { recursive: true });
  for (const visit of visits) {
    for (const { label, width, height, scheme } of SIZES) {
      const context = await visitors.open({ role: visit.role, width, height, scheme });
      const page = await context.newPage();
      await page.goto(visit.path);
      const file = `${visit.role}-${visit.name}-${visit.language}-${label}.png`.replace(/[^a-z0-9.-]+/gi, "-");
      await page.screenshot({ path: path.join(SHOTS, file), fullPage: true });
      await context.close();
    }
  }
  if (process.argv.includes("--book")) {
    await mkdir(BOOK, { recursive: true });
    for (const [file, wanted] of Object.entries(IN_THE_BOOK)) {
      const visit = visits.find(({ name, language, role }) => name === wanted.name && language === wanted.language && role === wanted.role);
      const context = await visitors.open({ role: visit.role, width: 1200, height: 800 });
      const page = await context.newPage();
      await page.goto(visit.path);
      await page.screenshot({ path: path.join(SHOTS, file) });
      await copyFile(path.join(SHOTS, file), path.join(BOOK, file));
      await context.close();
    }
  }
  console.log(`${visits.length * SIZES.length} pictures in ${SHOTS}`);
} finally {
  await browser.close();
  await product.stop();
}
