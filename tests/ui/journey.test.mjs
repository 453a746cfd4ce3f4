// The whole way of a conclusion, as two people walk it: an officer imports the file, corrects one directive, issues it to the twelve departments
// and answers for one of them; a leader accepts the answer. In both languages, with script and without.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, test } from "node:test";
import { openBrowser, Visitors } from "./browser.mjs";
import { field, press, row, seen } from "./hands.mjs";
import { inLanguage, LANGUAGES } from "./pages.mjs";
import { startProduct } from "./product.mjs";
import { WORDS } from "./words.mjs";

const product = await startProduct();
const browser = await openBrowser();
const visitors = new Visitors(browser, product);
after(async () => {
  await browser.close();
  await product.stop();
});

const fixture = await readFile(new URL("./fixtures/ket-luan-minh-hoa.txt", import.meta.url), "utf8");
const DIRECTIVE = "rà soát danh mục nhiệm vụ KH&CN đã nghiệm thu";
let turn = 0;

for (const language of LANGUAGES) {
  for (const javaScript of [true, false]) {
    test(`from the file to the accepted answer, in ${language}, ${javaScript ? "with" : "without"} script`, async (t) => {
      const words = WORDS[language];
      turn += 1;
      const conclusion = { name: `ket-luan-minh-hoa-${turn}.txt`, mimeType: "text/plain", buffer: Buffer.from(fixture.replace("{{turn}}", String(turn))) };
      const officer = await visitors.open({ role: "officer", javaScript });
      const leader = await visitors.open({ role: "leader", javaScript });
      try {
        const desk = await officer.newPage();
        let directive;

        await t.test("the officer gives the file and sees the proposals beside the text", async () => {
          await desk.goto(inLanguage("/van-ban/nhap", language));
          await desk.getByLabel(words.file).setInputFiles(conclusion);
          await press(desk, words.read);
          await seen(desk, words.proposals);
          await seen(desk.locator(".source-text"), DIRECTIVE);
          await seen(desk.locator("table"), DIRECTIVE);
        });

        await t.test("the officer corrects the deadline of the first directive", async () => {
          await row(desk, DIRECTIVE).getByRole("link", { name: words.correct, exact: true }).click();
          await seen(desk, DIRECTIVE);
          await field(desk, words.due).fill("31/02/2024");
          await press(desk, words.keep);
          await seen(desk, words.noSuchDay);
          assert.match(desk.url(), /\/sua$/, "a day that does not exist is not saved");
          await field(desk, words.due).fill("15/8/2024");
          await press(desk, words.keep);
          await seen(desk, words.proposals);
        });

        await t.test("the officer issues it to the twelve departments", async () => {
          await row(desk, DIRECTIVE).getByRole("checkbox").check();
          const choice = desk.getByLabel(words.receivers);
          const twelve = await choice.locator("option", { hasText: words.twelve }).first().getAttribute("value");
          await choice.selectOption(twelve);
          await press(desk, words.issue);
          await desk.getByRole("table").getByRole("link", { name: DIRECTIVE }).first().click();
          await seen(desk, "14/08/2024");
          directive = new URL(desk.url()).pathname;
          assert.equal(await parts(desk).count(), 12, "one line for each department");
        });

        await t.test("the officer answers for one department, not without evidence", async () => {
          await desk.getByRole("link", { name: words.answer, exact: true }).first().click();
          await desk.getByLabel(words.done).first().check();
          await field(desk, words.doneDay).fill("20/6/2024");
          await field(desk, words.text).fill("Đã rà soát và gửi danh mục (minh họa).");
          await press(desk, words.send);
          await seen(desk.getByRole("alert"), words.needsEvidence);
          assert.equal(await field(desk, words.text).inputValue(), "Đã rà soát và gửi danh mục (minh họa).", "what was typed stays");
          await field(desk, words.evidenceNumber).fill(`${turn}/BC-SKHCN`);
          await press(desk, words.send);
          await seen(desk, "20/06/2024");
          await seen(desk, `${turn}/BC-SKHCN`);
        });

        await t.test("the leader accepts the answer", async () => {
          const office = await leader.newPage();
          await office.goto(directive);
          await office.getByRole("link", { name: words.verify, exact: true }).first().click();
          await seen(office, `${turn}/BC-SKHCN`);
          await press(office, words.accept);
          await seen(office, words.accepted);
        });

        await t.test("the public sees one verified answer of twelve", async () => {
          const everybody = await visitors.open({ javaScript });
          const page = await everybody.newPage();
          await page.goto(directive);
          await seen(page, words.accepted);
          await seen(parts(page), "20/06/2024");
          assert.equal(await parts(page).count(), 12);
          await everybody.close();
        });
      } finally {
        await officer.close();
        await leader.close();
      }
    });
  }
}

test("no session saw a script error, a refusal of the content policy or a request to another host", () => {
  assert.deepEqual(visitors.complaints, []);
});

/** The lines of the bodies on a directive's page. */
function parts(page) {
  return page.locator("table").first().locator("tbody tr");
}
